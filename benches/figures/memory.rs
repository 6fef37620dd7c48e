//! The memory of this process, as the kernel counts it.

/// Forgets the peak so far.
pub(crate) fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// Resident memory now, in MiB.
pub(crate) fn resident() -> f64 {
    status("VmRSS:")
}

/// The most resident memory since the peak was forgotten, in MiB.
pub(crate) fn peak() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
    kib / 1024.0
}
