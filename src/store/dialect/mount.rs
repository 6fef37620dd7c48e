//! On which kind of file system a file lies.
//!
//! **Never** touches the file system in question: it may not answer.

use std::path::{Path, PathBuf};

/// Kinds of file systems whose files lie on another machine, or are shared with one.
const NETWORKS: [&str; 22] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.ceph",
    "fuse.cephfs",
    "fuse.davfs2",
    "fuse.glusterfs",
    "fuse.juicefs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// The kind of network file system that a file lies on; `None` for a disk of this machine, and
/// where it cannot be told.
pub(super) fn network_of(file: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = kind_of(&mounts, file)?;
    NETWORKS.contains(&kind).then(|| kind.to_owned())
}

/// The kind of the innermost mount that a file lies in; the later of two at one place hides the
/// earlier.
fn kind_of<'a>(mounts: &'a str, file: &Path) -> Option<&'a str> {
    let lines = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = PathBuf::from(unescaped(place.split(' ').nth(4)?));
        file.starts_with(&place).then(|| (place.components().count(), kind))
    });
    // Of equals, the last is taken.
    lines.max_by_key(|(depth, _)| *depth).and_then(|(_, kind)| kind.split(' ').next())
}

/// The kernel writes a space, a tab, a line's end and a backslash as three octal digits.
fn unescaped(text: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.iter().fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = r"21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
22 21 0:20 / /proc rw,nosuid shared:12 - proc proc rw
30 21 0:33 / /srv rw,relatime shared:20 - nfs4 10.0.0.5:/export rw,vers=4.2
31 30 254:2 / /srv/local rw,relatime - xfs /dev/vdb rw
32 21 0:40 / /mnt/with\040space rw - cifs //nas/share rw
33 21 0:41 / /data rw - ext4 /dev/vdc rw
34 21 0:42 / /data rw - fuse.sshfs user@host:/ rw
35 21 0:43 / /shared rw master:7 propagate_from:2 - 9p host rw
36 21 0:44 / /tmp rw - tmpfs tmpfs rw
37 21 0:45 / /var/lib/docker/x rw - overlay overlay rw,lowerdir=/a
";

    #[test]
    fn b116_the_innermost_mount_says_where_a_file_lies() {
        for (file, expected) in [
            ("/var/lib/supplyline/a.db", "ext4"),
            ("/srv/a.db", "nfs4"),
            ("/srv/local/a.db", "xfs"),
            ("/srvx/a.db", "ext4"),
            ("/mnt/with space/a.db", "cifs"),
            ("/data/a.db", "fuse.sshfs"),
            ("/shared/deep/er/a.db", "9p"),
            ("/tmp/a.db", "tmpfs"),
            ("/var/lib/docker/x/a.db", "overlay"),
        ] {
            assert_eq!(kind_of(MOUNTS, Path::new(file)), Some(expected), "{file}");
        }
        assert_eq!(kind_of("", Path::new("/a.db")), None);
        assert_eq!(kind_of("nonsense\n\n1 2 - x", Path::new("/a.db")), None);
    }

    #[test]
    fn b116_disks_are_told_from_networks() {
        for kind in ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"] {
            assert!(NETWORKS.contains(&kind), "{kind}");
        }
        for kind in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"] {
            assert!(!NETWORKS.contains(&kind), "{kind}");
        }
    }
}
