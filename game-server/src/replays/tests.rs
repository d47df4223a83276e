//! Files that are written, bounded, and played again.

use game_net::protocol::SnapshotRate;
use game_net::server::Server;
use game_sim::MatchConfig;

use super::*;

/// A folder that is gone afterwards.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let place = std::env::temp_dir().join(format!("opengse-replays-{name}-{}", std::process::id()));
        Place(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn replay() -> Replay {
    let players = ["anna", "bert"].map(str::to_owned).to_vec();
    let config = MatchConfig { players, ticks_max: 90, score_to_win: 10 };
    let mut server = Server::new(&config, 1, SnapshotRate::Hz20).unwrap();
    while server.outcome().is_none() {
        server.tick();
    }
    server.replay()
}

#[tokio::test]
async fn what_is_written_plays_again() {
    let place = Place::new("plays");
    let folder = ReplayFolder::new(&place.0, 1234);
    folder.write("qcs::gse:local::gameserversession/fleet-1/gssess-7", replay()).await;
    let path = place.0.join("1234").join("gssess-7.replay");
    let said = play(&path).unwrap();
    assert!(said.contains("2 players, 90 ticks") && said.contains("all 2 hashes agree"), "{said}");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(play(&path).is_err());
    assert!(play(&place.0.join("nothing")).is_err());
}

#[tokio::test]
async fn the_newest_few_are_kept() {
    let place = Place::new("kept");
    let folder = ReplayFolder::new(&place.0, 1);
    for session in 0..KEPT + 3 {
        folder.write(&format!("gssess-{session}"), replay()).await;
    }
    let mut names: Vec<_> =
        fs::read_dir(place.0.join("1")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["gssess-3.replay", "gssess-4.replay", "gssess-5.replay", "gssess-6.replay"]);
}

#[tokio::test]
async fn a_disk_that_refuses_harms_nobody() {
    let place = Place::new("refused");
    fs::write(&place.0, "a file where the folder should be").unwrap();
    ReplayFolder::new(&place.0, 1).write("gssess-1", replay()).await;
    assert!(place.0.is_file());
    fs::remove_file(&place.0).unwrap();
}

#[test]
fn no_session_id_leads_out_of_the_folder() {
    assert_eq!(file_name("a/b/../c:d.e"), "c_d_e");
    assert_eq!(file_name("a/.."), "__");
    assert_eq!(file_name(&"x".repeat(2000)).len(), 64);
}
