//! Packing: the same bytes for the same contents, and what is refused. Uploading: the four steps in their order,
//! against a listener with a script.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader, Cursor, Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use super::{Objects, PackArgs, UploadArgs, inside, pack, pack::pack as zip_folder, upload};
use crate::{call::Connection, failure::Failure};

fn write(folder: &Path, name: &str, text: &str, mode: u32) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder");
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
}

fn game(order: &[usize]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        ("server", "#!/bin/sh", 0o700),
        ("data/map.txt", "ground", 0o600),
        ("data/a/deep", "deep", 0o664),
        ("data.txt", "beside the folder", 0o444),
    ];
    for at in order {
        let (name, text, mode) = files[*at];
        write(folder.path(), name, text, mode);
    }
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    folder
}

fn zipped(folder: &Path) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    zip_folder(folder, &mut out).expect("it can be packed");
    out.into_inner()
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let (one, two) = (game(&[0, 1, 2, 3]), game(&[3, 2, 1, 0]));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(two.path().join("server")).and_then(|file| file.set_modified(old)).expect("an old file");
    assert_eq!(zipped(one.path()), zipped(two.path()));
    write(two.path(), "data/map.txt", "water", 0o600);
    assert_ne!(zipped(one.path()), zipped(two.path()));
}

#[test]
fn a2_the_contents_are_in_the_root_with_their_modes() {
    let folder = game(&[0, 1, 2, 3]);
    let mut archive = zip::ZipArchive::new(Cursor::new(zipped(folder.path()))).expect("a zip");
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        let mode = entry.unix_mode().expect("a mode") & 0o7777;
        found.push((entry.name().expect("a name").into_owned(), mode, text));
    }
    let expected = [
        ("data.txt", 0o644, "beside the folder"),
        ("data/", 0o755, ""),
        ("data/a/", 0o755, ""),
        ("data/a/deep", 0o644, "deep"),
        ("data/map.txt", 0o644, "ground"),
        ("empty/", 0o755, ""),
        ("server", 0o755, "#!/bin/sh"),
    ];
    assert_eq!(found, expected.map(|(name, mode, text)| (name.to_owned(), mode, text.to_owned())));
}

#[test]
fn links_are_refused() {
    let folder = game(&[0]);
    symlink("server", folder.path().join("link")).expect("a link");
    let error = zip_folder(folder.path(), Cursor::new(Vec::new())).expect_err("it holds a link");
    let text = error.to_string();
    assert!(text.contains("link` is a symbolic link; hint: "), "{text}");
}

#[test]
fn nothing_to_pack_is_an_error() {
    let folder = game(&[]);
    let error = zip_folder(folder.path(), Cursor::new(Vec::new())).expect_err("only an empty folder");
    assert_eq!(error.to_string(), "it holds no file");
    let error = zip_folder(&folder.path().join("none"), Cursor::new(Vec::new())).expect_err("no such folder");
    assert!(error.to_string().starts_with("cannot read the folder"), "{error}");
}

#[test]
fn the_zip_is_not_written_into_the_folder_it_holds() {
    let folder = game(&[0]);
    let out = folder.path().join("empty/game.zip");
    assert!(inside(&out, folder.path()));
    let failure = pack(&PackArgs { dir: folder.path().into(), out: out.clone() }).expect_err("it would grow");
    assert_eq!(failure.exit, 2);
    assert!(!out.exists());
    let other = tempfile::tempdir().expect("a folder");
    let out = other.path().join("game.zip");
    pack(&PackArgs { dir: folder.path().into(), out: out.clone() }).expect("it is elsewhere");
    assert_eq!(fs::read(&out).expect("a zip"), zipped(folder.path()));
    let names = fs::read_dir(other.path()).expect("a folder").count();
    assert_eq!(names, 1, "nothing else is left there");
}

/// What a scripted service was asked: the action or the path of the object, and the body.
type Asked = Vec<(String, Vec<u8>)>;

/// Answers one request after the other, each on a connection of its own.
fn serve(answers: &[&str]) -> (String, JoinHandle<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answers: Vec<String> = answers.iter().map(|answer| format!("{{\"Response\":{answer}}}")).collect();
    let served =
        std::thread::spawn(move || answers.iter().map(|answer| serve_one(&listener, answer)).collect());
    (address, served)
}

fn serve_one(listener: &TcpListener, answer: &str) -> (String, Vec<u8>) {
    let (stream, _) = listener.accept().expect("a connection");
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut asked) = (String::new(), 0, String::new());
    while reader.read_line(&mut line).expect("a line") > 2 {
        match line.trim().split_once(": ") {
            None => asked = line.split(' ').nth(1).expect("a path").to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("x-tc-action") => asked = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().expect("a length");
            }
            Some(_) => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
    reader.get_mut().write_all((head + answer).as_bytes()).expect("the client listens");
    (asked, body)
}

fn upload_to(address: &str, folder: &Path) -> Result<(), Failure> {
    let connection = Connection {
        endpoint: address.into(),
        region: "ap-shanghai".into(),
        secret_id: "AKID".into(),
        secret_key: "secret".into(),
        certificates: crate::call::Certificates::default(),
    };
    let args = UploadArgs {
        dir: folder.into(),
        name: "arena".into(),
        asset_version: "1.0".into(),
        key: None,
        no_lint: false,
        objects: Objects { objects: Some(address.into()) },
        connection,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(upload(args))
}

const GRANTED: &str =
    r#"{"AssetRegion":"ap-shanghai","BucketName":"gse-1","BucketAuth":"q-x","RequestId":"r"}"#;
const CREATED: &str = r#"{"AssetId":"asset-1","AssetArn":"arn","RequestId":"r"}"#;
const NONE: &str = r#"{"Assets":[],"TotalCount":0,"RequestId":"r"}"#;
const CHECKING: &str = r#"{"Asset":{"AssetId":"asset-1","Stauts":0},"RequestId":"r"}"#;

#[test]
fn an_upload_goes_through_its_steps_until_the_asset_is_ready() {
    let folder = game(&[0, 1]);
    let ready = CHECKING.replace("\"Stauts\":0", "\"Stauts\":2");
    let (address, served) = serve(&[NONE, GRANTED, "{}", CREATED, CHECKING, &ready]);
    upload_to(&address, folder.path()).expect("the asset is ready");
    let asked = served.join().expect("it served");
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    let object = "/gse-1/arena/1.0.zip";
    let after = ["GetUploadCredentials", object, "CreateAsset", "DescribeAsset", "DescribeAsset"];
    assert_eq!(names[0], "DescribeAssets");
    assert_eq!(names[1..], after);
    assert_eq!(asked[2].1, zipped(folder.path()));
    let created: serde_json::Value = serde_json::from_slice(&asked[3].1).expect("JSON");
    assert_eq!(created["BucketKey"], "arena/1.0.zip");
    assert_eq!(created["OperateSystem"], "CentOS7.16");
}

#[test]
fn an_unchanged_build_uploads_nothing() {
    let folder = game(&[0, 1]);
    let asset = |version: &str| {
        format!(
            r#"{{"AssetId":"asset-{version}","AssetName":"arena","AssetVersion":"{version}","Stauts":2}}"#
        )
    };
    let known = |version| format!(r#"{{"Assets":[{}],"TotalCount":1,"RequestId":"r"}}"#, asset(version));
    let (address, served) = serve(&[&known("1.0")]);
    upload_to(&address, folder.path()).expect("it is there");
    let asked = served.join().expect("it served");
    let digest = super::build::packed(folder.path()).expect("it can be packed").digest;
    assert!(String::from_utf8_lossy(&asked[0].1).contains(&format!("gse-package:{digest}")));

    // The same content under another version is another asset.
    let ready = CHECKING.replace("\"Stauts\":0", "\"Stauts\":2");
    let (address, served) = serve(&[&known("0.9"), GRANTED, "{}", CREATED, &ready]);
    upload_to(&address, folder.path()).expect("the asset is ready");
    let created: serde_json::Value =
        serde_json::from_slice(&served.join().expect("it served")[3].1).expect("JSON");
    assert_eq!(created["Tags"][0]["Value"], digest);
}

#[test]
fn a_refused_package_is_a_failure() {
    let folder = game(&[0]);
    let failed = CHECKING.replace("\"Stauts\":0", "\"Stauts\":1");
    let (address, served) = serve(&[NONE, GRANTED, "{}", CREATED, &failed]);
    let failure = upload_to(&address, folder.path()).expect_err("the service refused it");
    assert_eq!(failure.exit, 1);
    assert!(failure.to_string().starts_with("error: the service refused the package of asset `asset-1`"));
    served.join().expect("it served");

    let (address, served) =
        serve(&[NONE, r#"{"Error":{"Code":"LimitExceeded","Message":"full"},"RequestId":"r-9"}"#]);
    let failure = upload_to(&address, folder.path()).expect_err("the quota is used up");
    let text = failure.to_string();
    let expected = "error: cannot get an authorization for the upload\ncaused by: `LimitExceeded`: full\nrequest id: r-9";
    assert_eq!(text, expected);
    served.join().expect("it served");
}

#[test]
fn the_lint_reads_what_files_are() {
    use gse_core::package::lint::{Content, lint};
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "run.sh", "#!/bin/sh -e\nexit\n", 0o755);
    write(folder.path(), "broken", "\u{7f}ELF of nothing", 0o644);
    write(folder.path(), "data/dos", "#!/bin/sh\r\n", 0o644);
    let own = std::env::current_exe().expect("this test is a program");
    fs::copy(own, folder.path().join("server")).expect("a copy of this test");
    let build =
        gse_agent::inspection::folder(folder.path(), vec!["/local/game/server".into()]).expect("it is read");
    let of = |path: &str| &build.files.iter().find(|file| file.path == path).expect("it is there").content;
    let Content::Elf(server) = of("server") else { panic!("a program is ELF: {:?}", of("server")) };
    assert_eq!(server.machine, build.machine);
    assert!(server.interpreter.is_some() && server.needed.iter().any(|name| name.starts_with("libc.so")));
    let script = |carriage| Content::Script { interpreter: "/bin/sh".into(), has_carriage_return: carriage };
    assert_eq!(*of("run.sh"), script(false));
    assert_eq!(*of("data/dos"), script(true));
    assert_eq!(*of("broken"), Content::Other);
    let rules: Vec<&str> = lint(&build).iter().map(|finding| finding.rule).collect();
    assert_eq!(
        rules,
        ["execute-bit", "interpreter"],
        "only the script for Windows: this test itself would run"
    );
}

#[test]
fn a_build_that_would_fail_is_refused_before_it_is_uploaded() {
    let folder = game(&[1]);
    let refused = super::lint::check(folder.path(), vec!["/local/game/server".into()]).unwrap_err();
    assert_eq!(refused.exit, 2);
    let text = refused.to_string();
    assert!(text.contains("there is no file `server`") && text.contains("--no-lint"), "{text}");
    super::lint::check(folder.path(), vec![]).expect("nobody knows what is launched");
}
