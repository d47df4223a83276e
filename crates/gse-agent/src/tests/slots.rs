//! Packages on disk: what is unpacked, what is refused, what an earlier run left over.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gse_core::host::{HostOrder, PreparationStep, ReportKind};
use gse_core::package::PackageProblem;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::host::{Host, hasty, is_running, until, until_file, zip_of};
use crate::notes::{self, ChildNote, SystemProcess};
use crate::package::{PackageError, inspect, system_error};
use crate::procfs;

/// Name, mode, content.
type Entry<'a> = (&'a str, u32, &'a [u8]);

/// A zip as a hostile tool writes it: entries of any name and mode.
fn hostile_zip(path: &Path, entries: &[Entry<'_>]) {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, mode, content) in entries {
        let offset = u32::try_from(zip.len()).unwrap();
        let (name_length, size) = (u16::try_from(name.len()).unwrap(), u32::try_from(content.len()).unwrap());
        let mut hasher = Crc::default();
        hasher.update(content);
        let common = |out: &mut Vec<u8>| {
            out.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
            out.extend(hasher.value().to_le_bytes());
            out.extend(size.to_le_bytes());
            out.extend(size.to_le_bytes());
            out.extend(name_length.to_le_bytes());
            out.extend([0, 0]);
        };
        zip.extend(b"PK\x03\x04");
        common(&mut zip);
        zip.extend(name.as_bytes());
        zip.extend(*content);
        directory.extend(b"PK\x01\x02\x14\x03");
        common(&mut directory);
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (u32::try_from(zip.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend(count);
    zip.extend(count);
    zip.extend(length.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0, 0]);
    std::fs::write(path, zip).unwrap();
}

/// CRC-32 of the zip format, bit by bit.
struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc {
    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                self.0 = if self.0 & 1 == 1 { self.0 >> 1 ^ 0xedb8_8320 } else { self.0 >> 1 };
            }
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }
}

const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;
const DEVICE: u32 = 0o060_644;

async fn refused(host: &mut Host) -> (PreparationStep, String) {
    assert_eq!(host.report().await, ReportKind::PreparationStarted);
    match host.report().await {
        ReportKind::PreparationFailed { step, reason, .. } => (step, reason),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a20_packages_that_escape_are_refused_and_write_nothing() {
    let cases: [(&[Entry<'_>], &str); 8] = [
        (&[("ok", FILE, b"x"), ("../evil", FILE, b"x")], "leaves the directory"),
        (&[("ok", FILE, b"x"), ("/tmp/gse-evil", FILE, b"x")], "absolute"),
        (&[("ok", FILE, b"x"), ("a/../../evil", FILE, b"x")], "leaves the directory"),
        (&[("ok", FILE, b"x"), ("..\\evil", FILE, b"x")], "backslash"),
        (&[("ok", FILE, b"x"), ("out", LINK, b"../..")], "points out"),
        (&[("ok", FILE, b"x"), ("out", LINK, b"/etc")], "absolute"),
        (&[("out", LINK, b"in"), ("out/evil", FILE, b"x")], "not a directory"),
        (&[("ok", FILE, b"x"), ("dev", DEVICE, b"")], "device"),
    ];
    for (entries, words) in cases {
        let mut host = Host::start(hasty()).await;
        let blob = host.data.path().join("blob-1");
        hostile_zip(&blob, entries);
        assert!(matches!(inspect(&blob), Err(PackageError::Refused(_))), "CreateAsset sees it too");
        host.start_instance_of("blob-1", "ok", "");
        let (step, reason) = refused(&mut host).await;
        assert_eq!(step, PreparationStep::Extract);
        assert!(reason.contains(words), "{reason}");
        assert!(!host.slot().exists(), "nothing was written");
        assert!(!host.data.path().join("evil").exists());
        host.stop().await;
    }
    assert!(!Path::new("/tmp/gse-evil").exists());
}

#[tokio::test]
async fn a_hostile_zip_without_hostility_is_unpacked_with_its_links() {
    let mut host = Host::start(hasty()).await;
    let blob = host.data.path().join("blob-1");
    let script = b"#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";
    hostile_zip(
        &blob,
        &[("bin/run", FILE, script), ("current", LINK, b"bin/run"), ("setuid", 0o104_755, b"x")],
    );
    host.start_instance_of("blob-1", "/local/game/current", "");
    host.prepared().await;
    assert!(is_running(host.child_pid().await));
    let game = host.slot().join("game");
    assert_eq!(std::fs::read_link(game.join("current")).unwrap(), Path::new("bin/run"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(game.join("setuid")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o7000, 0, "no special bits");
    host.stop().await;
}

#[tokio::test]
async fn a_package_that_is_no_zip_or_not_there_is_reported() {
    let mut host = Host::start(hasty()).await;
    std::fs::write(host.data.path().join("blob-text"), "this is not a zip").unwrap();
    host.start_instance_of("blob-text", "run", "");
    let (step, reason) = refused(&mut host).await;
    assert_eq!(step, PreparationStep::Extract);
    assert!(reason.contains("not a readable zip"), "{reason}");
    host.order(HostOrder::StopInstance);
    assert_eq!(host.report().await, ReportKind::InstanceStopped);
    host.start_instance_of("blob-missing", "run", "");
    let (step, reason) = refused(&mut host).await;
    assert_eq!(step, PreparationStep::Download);
    assert!(reason.contains("No such file"), "{reason}");
    host.stop().await;
}

#[tokio::test]
async fn a_package_that_comes_late_is_unpacked_by_a_later_order() {
    let mut host = Host::start(hasty()).await;
    host.start_instance_of("blob-1", "run.sh", "");
    let (step, _) = refused(&mut host).await;
    assert_eq!(step, PreparationStep::Download);
    let script = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";
    zip_of(&host.data.path().join("blob-1"), &[("run.sh", script)]);
    // The control plane gives its orders again and again.
    let orders = async {
        loop {
            host.handle.send(super::host::instance(), host.start_order("blob-1", "run.sh", ""));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let pid = host.slot().join("game/pid");
    tokio::select! {
        pid = until_file(&pid) => assert!(is_running(pid.trim().parse().unwrap())),
        () = orders => {}
    }
    host.prepared().await;
    host.stop().await;
}

/// The zip crate keeps the last entry of a name, so what is judged would not be what other tools unpack.
#[test]
fn a20_a_package_that_names_a_file_twice_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("twice.zip");
    hostile_zip(&path, &[("ok", FILE, b"x"), ("run", FILE, b"good"), ("run", FILE, b"evil")]);
    let error = inspect(&path).unwrap_err();
    assert_eq!(error.to_string(), "the entry `run` exists twice");
    assert!(matches!(error, PackageError::Refused(PackageProblem::Duplicate { .. })));
}

/// What the system cannot do says nothing about the package.
#[test]
fn a_fault_of_the_system_is_told_from_a_bad_package() {
    let directory = tempfile::tempdir().unwrap();
    let missing = inspect(&directory.path().join("missing.zip")).unwrap_err();
    assert!(matches!(missing, PackageError::Io(_)), "{missing:?}");
    // It could be opened, and reading it failed: EIO, ENOMEM, EMFILE.
    for number in [5, 12, 24] {
        let error = ZipError::Io(std::io::Error::from_raw_os_error(number));
        let error = system_error(error, PackageError::Zip);
        assert!(matches!(error, PackageError::Io(_)), "{error:?}");
    }
    let good = directory.path().join("good.zip");
    zip_of(&good, &[("run", &"0123456789".repeat(1000))]);
    let bytes = std::fs::read(&good).unwrap();
    let bad = directory.path().join("bad.zip");
    // Cut anywhere, or with any one byte changed in its tail, it may be bad, and is never called unreadable.
    for length in 0..bytes.len() {
        std::fs::write(&bad, &bytes[..length]).unwrap();
        let error = inspect(&bad).unwrap_err();
        assert!(!matches!(error, PackageError::Io(_)), "cut to {length}: {error:?}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] = 0xff;
        std::fs::write(&bad, changed).unwrap();
        let result = inspect(&bad);
        assert!(!matches!(result, Err(PackageError::Io(_))), "changed at {at}: {result:?}");
    }
}

#[test]
fn a20_a_bomb_is_refused_before_anything_is_unpacked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bomb.zip");
    let mut zip = ZipWriter::new(std::fs::File::create(&path).unwrap());
    let zeros = vec![0_u8; 1 << 20];
    zip.start_file("zeros", SimpleFileOptions::default()).unwrap();
    for _ in 0..65 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
    let error = inspect(&path).unwrap_err();
    assert!(matches!(error, PackageError::Refused(PackageProblem::Ratio { .. })), "{error}");
}

/// The target `zip_package` compares what it wrote with what was read: of one name only the last entry was left.
#[test]
fn a20_entries_of_one_name_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("same.zip");
    hostile_zip(&path, &[("a", FILE, b"first"), ("b", FILE, b"x"), ("a", FILE, b"second")]);
    let error = inspect(&path).unwrap_err();
    assert!(
        matches!(&error, PackageError::Refused(PackageProblem::Duplicate { name }) if name == "a"),
        "{error}"
    );
}

/// A bomb without a suspicious ratio: each entry alone is small, and all of them unpack the same bytes.
#[test]
fn a20_entries_that_share_their_bytes_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shared.zip");
    hostile_zip(&path, &[("a", FILE, b"content"), ("b", FILE, b"content")]);
    let mut zip = std::fs::read(&path).unwrap();
    assert!(inspect(&path).is_ok());
    // The second entry's header lies 38 bytes after the first: 30, one of name, seven of content.
    let second = zip.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    assert_eq!(zip[second + 42..second + 46], 38_u32.to_le_bytes());
    zip[second + 42] = 0;
    std::fs::write(&path, zip).unwrap();
    let error = inspect(&path).unwrap_err();
    assert!(matches!(error, PackageError::Refused(PackageProblem::SharedBytes)), "{error}");
}

#[tokio::test]
async fn a_file_that_lies_about_its_size_is_refused() {
    let mut host = Host::start(hasty()).await;
    let blob = host.data.path().join("blob-1");
    zip_of(&blob, &[("run", &"0123456789".repeat(100))]);
    let mut bytes = std::fs::read(&blob).unwrap();
    // The unpacked size, in the local header and in the central directory.
    for (signature, offset) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let at = bytes.windows(4).position(|window| window == signature).unwrap() + offset;
        bytes[at..at + 4].copy_from_slice(&5_u32.to_le_bytes());
    }
    std::fs::write(&blob, bytes).unwrap();
    host.start_instance_of("blob-1", "run", "");
    let (step, _) = refused(&mut host).await;
    assert_eq!(step, PreparationStep::Extract);
    assert!(!host.slot().join("game").exists());
    host.stop().await;
}

#[tokio::test]
async fn install_scripts_are_named_and_not_run() {
    let mut host = Host::start(hasty()).await;
    let files = [
        ("run.sh", "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n"),
        ("install.sh", "#!/bin/sh\ntouch installed\n"),
        ("gse.yaml", "User: user_00:users\n"),
    ];
    host.start_instance(&files, "run.sh", "");
    assert_eq!(host.report().await, ReportKind::PreparationStarted);
    assert!(matches!(host.report().await, ReportKind::PackageExtracted { .. }));
    let yaml = host.noted().await;
    assert!(yaml.contains("gse.yaml is accepted and ignored"), "{yaml}");
    let script = host.noted().await;
    assert!(script.contains("install.sh is in the package and was not run"), "{script}");
    assert!(matches!(host.report().await, ReportKind::LaunchPathsChecked { .. }));
    host.child_pid().await;
    assert!(!host.slot().join("game/installed").exists());
    host.stop().await;
}

/// A child of "an earlier run", in a group of its own as every child is. Gone at the latest when the test is.
struct LeftBehind {
    child: Child,
}

impl LeftBehind {
    fn new(slot: &Path, name: &str) -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut note = ChildNote::new("a-token", "127.0.0.1:1");
        note.system = SystemProcess::of(child.id());
        notes::write_child(&slot.join(name), &note).unwrap();
        Self { child }
    }

    /// Collects it, as init would do for a real orphan.
    fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for LeftBehind {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn children_of_an_earlier_run_are_ended_and_strangers_are_not() {
    let data = tempfile::tempdir().unwrap();
    let slot = data.path().join("slots/ins-old");
    std::fs::create_dir_all(&slot).unwrap();
    let mut ours = LeftBehind::new(&slot, "process-1.child");
    let mut stranger = LeftBehind::new(&slot, "process-2.child");
    // Its number was given to somebody else since.
    let started = procfs::started(stranger.child.id()).unwrap();
    let file = slot.join("process-2.child");
    let text =
        std::fs::read_to_string(&file).unwrap().replace(&started.to_string(), &(started - 1).to_string());
    std::fs::write(&file, text).unwrap();
    std::fs::write(slot.join("process-3.child"), "not json").unwrap();
    let mut host = Host::start_in(data, hasty()).await;
    host.start_instance(&[("run.sh", "#!/bin/sh\nexec sleep 600\n")], "run.sh", "");
    host.prepared().await;
    until(|| ours.has_ended().then_some(())).await;
    assert!(!stranger.has_ended(), "its start time does not match");
    assert!(!slot.exists(), "old slots are removed");
    let data = host.stop().await;
    assert_eq!(
        std::fs::read_dir(data.path().join("slots/ins-1"))
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "child"))
            })
            .count(),
        0,
        "a run that ended well leaves nothing to clean"
    );
}

#[tokio::test]
async fn two_agents_do_not_share_a_directory() {
    let host = Host::start(hasty()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let packages = crate::PackagePaths::new(|_| std::path::PathBuf::new());
    let config = crate::AgentConfig::new(host.data.path(), packages, hasty());
    let (sender, _uplink) = tokio::sync::mpsc::channel(1);
    let error = crate::build(config, listener, sender).err().unwrap().to_string();
    assert!(error.contains("is used by another agent"), "{error}");
    // And the next one may, when this one is gone.
    let next = Host::start_in(host.stop().await, hasty()).await;
    next.stop().await;
}

#[test]
fn ordinary_packages_pass_inspection() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("game.zip");
    zip_of(&path, &[("bin/server", "0123456789"), ("install.sh", "true")]);
    let summary = inspect(&path).unwrap();
    assert_eq!((summary.files, summary.bytes, summary.has_install_script), (2, 14, true));
}
