//! Files that work leaves on the machine's own disk while it is under way.
//!
//! Lance sorts the vectors of an index into its parts in local files, and spills there what it does not hold in memory.
//! It removes them when the work has ended; a process that is killed leaves them. So they are kept in a directory of
//! their own, which the next process empties.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// Empties `directory`, or makes it, closes it to other users, and has the temporary files of this process made there
/// from now on: tenants' vectors are among them. To be called before a namespace is opened, by who knows that no other
/// process uses the directory; it must stay as long as the process.
///
/// # Errors
/// When the directory cannot be made, closed or emptied, or when this process was given another one before.
pub fn keep_scratch_in(directory: &Path) -> io::Result<()> {
    prepare(directory)?;
    // Lance takes no directory for a build. It asks the library that makes its files, which can be told once.
    match tempfile::env::override_temp_dir(directory) {
        Err(other) if other != directory => {
            Err(io::Error::other(format!("this process keeps its temporary files in {} already", other.display())))
        }
        _ => Ok(()),
    }
}

fn prepare(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // One that was there may be open.
    std::fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_in_a_scratch_directory_goes_and_nobody_else_reads_what_comes() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("node/scratch");
        for _ in 0..2 {
            prepare(&directory).expect("prepared");
            let mode = std::fs::metadata(&directory).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            assert_eq!(std::fs::read_dir(&directory).expect("a directory").count(), 0);
            std::fs::create_dir(directory.join(".tmpAbc")).expect("made");
            std::fs::write(directory.join(".tmpAbc/ivf_0.lance"), "vectors").expect("written");
            std::fs::write(directory.join("spill"), "vectors").expect("written");
            std::fs::set_permissions(&directory, Permissions::from_mode(0o755)).expect("opened");
        }
    }
}
