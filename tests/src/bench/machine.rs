//! What the figures were taken on.

/// Processor, cores, memory, and how busy it was before the measurement.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?.to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let kib = field(&read("/proc/meminfo"), "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let load = read("/proc/loadavg").split(' ').next().unwrap_or("?").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{model}, {cores} cores, {} GiB of memory; load average {load} at the beginning (1 process wants 1 core: a figure \
         much above 0 means that others were at work and the times are longer than they need be)",
        kib.unwrap_or(0) / 1024 / 1024
    )
}
