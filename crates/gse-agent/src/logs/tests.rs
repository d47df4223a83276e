//! What goes into the zip, and what never does.

use std::os::unix::fs::symlink;

use super::*;

struct Slot {
    directory: tempfile::TempDir,
    collection: Collection,
}

impl Slot {
    fn new(log_paths: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let game = directory.path().join("game");
        fs::create_dir(&game).unwrap();
        let output = |kind: &str| directory.path().join(format!("process.{kind}"));
        let collection = Collection {
            game,
            output: OutputFiles { stdout: output("stdout"), stderr: output("stderr") },
            log_paths: log_paths.iter().map(|path| (*path).to_owned()).collect(),
            most_bytes: 1000,
            within: Duration::from_secs(600),
        };
        Self { directory, collection }
    }

    /// A file below the slot, so many seconds old.
    fn write(&self, name: &str, content: &str, age: u64) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let at = SystemTime::now() - Duration::from_secs(age);
        File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        path
    }

    /// The files of the zip, the report left out, and what was left out.
    fn pack(&self) -> (BTreeMap<String, String>, String, u64) {
        let to = self.directory.path().join("packed.zip");
        let (bytes, left_out) = pack(&self.collection, &to).unwrap();
        assert_eq!(bytes, fs::metadata(&to).unwrap().len());
        let mut zip = zip::ZipArchive::new(File::open(&to).unwrap()).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(file.name().unwrap().into_owned(), text);
        }
        let report = files.remove(REPORT).unwrap();
        (files, report, left_out)
    }
}

fn files(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
    let output = [("output/stderr.txt", ""), ("output/stdout.txt", "")];
    let all = output.iter().chain(expected);
    all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn g21_files_and_directories_are_collected_under_their_names() {
    let slot = Slot::new(&["./logs", "/local/game/server.log", "C:\\game\\logs\\a.txt", "nothing"]);
    slot.write("game/logs/a.txt", "a", 0);
    slot.write("game/logs/deep/er/b.txt", "b", 0);
    slot.write("game/server.log", "s", 0);
    slot.write("game/server", "the program", 0);
    slot.write("process.stdout", "new\n", 0);
    slot.write("process.stdout.1", "old\n", 0);
    let (found, report, left_out) = slot.pack();
    let wanted = [
        ("logs/logs/a.txt", "a"),
        ("logs/logs/deep/er/b.txt", "b"),
        ("logs/server.log", "s"),
        ("output/stdout.txt", "old\nnew\n"),
    ];
    assert_eq!((found, left_out), (files(&wanted), 0));
    assert!(report.contains("nothing: it is not there"), "{report}");
}

#[test]
fn a_path_that_the_process_asked_the_system_for_is_understood() {
    let mut slot = Slot::new(&[]);
    let path = slot.write("game/logs/a.txt", "a", 0);
    slot.collection.log_paths = vec![path.canonicalize().unwrap().to_str().unwrap().to_owned()];
    assert_eq!(slot.pack().0, files(&[("logs/logs/a.txt", "a")]));
}

#[test]
fn nothing_outside_the_package_root_is_read() {
    let slot =
        Slot::new(&["logs", "../slot.record", "/etc/passwd", "logs/../../slot.record", "outside", "loop"]);
    let secret = slot.write("slot.record", "token", 0);
    slot.write("game/logs/a.txt", "a", 0);
    let link = |from: &Path, to: &str| symlink(from, slot.directory.path().join("game").join(to)).unwrap();
    link(&secret, "logs/link");
    link(Path::new("../../slot.record"), "logs/relative");
    link(slot.directory.path(), "logs/above");
    link(slot.directory.path(), "outside");
    link(Path::new("a.txt"), "logs/inside");
    link(Path::new("."), "loop");
    link(Path::new("nowhere"), "logs/dangling");
    let (found, report, _) = slot.pack();
    let inside = ["logs/logs/a.txt", "logs/logs/inside", "logs/loop/logs/a.txt", "logs/loop/logs/inside"];
    let inside: Vec<_> = inside.iter().map(|name| (*name, "a")).collect();
    assert_eq!(found, files(&inside));
    for words in ["../slot.record: refused", "/etc/passwd: refused", "outside: refused", "logs/link: refused"]
    {
        assert!(report.contains(words), "{words} is missing in {report}");
    }
}

#[test]
fn names_that_mean_something_elsewhere_are_plain_in_the_zip() {
    let slot = Slot::new(&["."]);
    slot.write("game/..\\..\\evil.txt", "a", 0);
    slot.write("game/b\nserver.log: left out", "b", 0);
    let (found, ..) = slot.pack();
    assert_eq!(found, files(&[("logs/.._.._evil.txt", "a"), ("logs/b_server.log: left out", "b")]));
}

#[test]
fn what_is_no_plain_file_keeps_nobody_waiting() {
    let slot = Slot::new(&["."]);
    slot.write("game/a.txt", "a", 0);
    let pipe = slot.directory.path().join("game/pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    assert_eq!(slot.pack().0, files(&[("logs/a.txt", "a")]));
}

#[test]
fn g21_above_the_quota_the_newest_is_kept_and_told() {
    let mut slot = Slot::new(&["."]);
    slot.collection.most_bytes = 10;
    slot.write("process.stderr", "err", 0);
    slot.write("game/new", "12345", 1);
    slot.write("game/older", "abcdef", 2);
    slot.write("game/oldest", "gone", 3);
    let (found, report, left_out) = slot.pack();
    let wanted = [("logs/new", "12345"), ("logs/older", "ef"), ("output/stderr.txt", "err")];
    assert_eq!((found, left_out), (files(&wanted), 8));
    assert!(report.contains("older: its first 4 bytes") && report.contains("oldest: left out"), "{report}");
}

#[test]
fn what_takes_too_long_is_left_out() {
    let mut slot = Slot::new(&["."]);
    slot.collection.within = Duration::ZERO;
    slot.write("game/a", "12345", 1);
    let (found, report, left_out) = slot.pack();
    assert_eq!((found, left_out), (files(&[]), 5));
    assert!(report.contains("no time"), "{report}");
}

#[test]
fn a_slot_that_is_gone_leaves_the_output() {
    let slot = Slot::new(&["logs"]);
    fs::remove_dir(slot.directory.path().join("game")).unwrap();
    slot.write("process.stdout", "words", 0);
    assert_eq!(slot.pack().0, files(&[("output/stdout.txt", "words")]));
}
