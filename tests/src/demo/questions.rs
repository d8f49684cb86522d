//! What is asked, and where the manual answers it.

/// A question in words of its own, and the pages any of which is a right answer.
pub struct Question {
    /// As a person would put it.
    pub text: &'static str,
    /// Pages that answer it.
    pub pages: &'static [&'static str],
}

/// Asked in this order.
pub const QUESTIONS: [Question; 10] = [
    Question {
        text: "How do I get back the disk space of deleted rows?",
        pages: &["sql-vacuum.html", "routine-vacuuming.html"],
    },
    Question {
        text: "How can I restore the database to a point in time before a mistake?",
        pages: &["continuous-archiving.html", "recovery-target-settings.html", "runtime-config-wal.html"],
    },
    Question {
        text: "Which kind of index makes full text search fast?",
        pages: &["textsearch-indexes.html", "textsearch-tables.html"],
    },
    Question {
        text: "How can I let each user see only his own rows of a table?",
        pages: &["ddl-rowsecurity.html", "sql-createpolicy.html"],
    },
    Question {
        text: "What happens when two transactions wait for each other's locks?",
        pages: &["explicit-locking.html", "runtime-config-locks.html"],
    },
    Question {
        text: "How do I split a big table into parts by date range?",
        pages: &["ddl-partitioning.html", "sql-createtable.html"],
    },
    Question {
        text: "insert a row, or update it when the key exists already",
        pages: &["sql-insert.html", "sql-merge.html"],
    },
    Question {
        text: "How do I write the result of a query into a CSV file?",
        pages: &["sql-copy.html", "app-psql.html", "file-fdw.html"],
    },
    Question {
        text: "Why does the planner not use my index?",
        pages: &["indexes-examine.html", "using-explain.html", "runtime-config-query.html"],
    },
    Question {
        text: "How do I move all my data to a new major version?",
        pages: &["upgrading.html", "pgupgrade.html", "backup-dump.html"],
    },
];

/// How many of the questions must have one of their pages among the first [`TOP`] passages.
pub const PASS: usize = 8;
/// Passages looked at.
pub const TOP: usize = 5;

/// The questions' texts.
pub fn questions() -> impl Iterator<Item = &'static str> {
    QUESTIONS.iter().map(|question| question.text)
}
