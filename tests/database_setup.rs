//! `docs/database-setup.md`: everything that the operator's page says to type, typed.

mod page;
mod shell;
mod treatment;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use authority_connection::{Config, Environment, SslMode};
use page::{Block, blocks, first_column, folder, page};
use shell::Shell;
pub(crate) use shell::complete_installation;
use treatment::{How, TREATMENTS, Treatment};

use crate::pgbouncer::{Pooler, free_port};
use crate::support::{Need, Outcome, authority_db};

/// The server of the page, which is not there: what only prints does not ask it.
const OF_THE_PAGE: &str = "postgres://authority@localhost:5432/authority_db?retry_attempts=0";

#[test]
fn every_block_of_the_page_works_in_its_order() {
    let blocks = blocks(&page());
    let known: Vec<_> = TREATMENTS.iter().map(|treatment| treatment.first_line).collect();
    let found: Vec<_> = blocks.iter().map(Block::first_line).collect();
    assert_eq!(found, known, "treatment.rs says what is done with each block");

    if Need::Clients.is_missing() || Need::PgBouncer.is_missing() {
        return;
    }
    let mut shell = Shell::new(free_port());
    let mut pooler = None;
    for (block, treatment) in blocks.iter().zip(&TREATMENTS) {
        if let How::StartPgBouncer = treatment.how {
            pooler = Some(start_pgbouncer(&mut shell));
        } else {
            work_through(&shell, block, treatment);
        }
    }
    let log = pooler.expect("PgBouncer was started").log();
    assert!(log.contains("login attempt: db=authority_db user=authority"), "it was used: {log}");
    let mut tables: Vec<_> = shell
        .run("tables", &format!("psql -XAtd authority_db -c \"{TABLES}\""))
        .stdout
        .lines()
        .map(str::to_owned)
        .collect();
    tables.sort();
    let page = page();
    let mut listed = first_column(&page, "### Tables");
    listed.sort_unstable();
    assert_eq!(listed, tables, "the page lists the tables that there are");
}

const TABLES: &str = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'seaql_migrations'";

#[test]
fn every_address_on_the_page_is_understood() {
    let page = page();
    let nothing = Environment::from_pairs([("HOME", "/")]);
    let addresses: BTreeSet<_> = page
        .match_indices("postgres://")
        .map(|(at, _)| page[at..].split(['`', '\'', ' ', '\n']).next().unwrap_or_default())
        .collect();
    assert!(addresses.len() > 5, "{addresses:?}");
    for address in addresses {
        assert!(Config::parse(address, &nothing).is_ok(), "{address}");
    }
    for mode in first_column(&page, "### SSL mode") {
        assert!(mode.parse::<SslMode>().is_ok(), "{mode}");
    }
    assert_eq!(first_column(&page, "### SSL mode").len(), 6);
    for name in first_column(&page, "## Connection pooling") {
        let address = format!("postgres://authority@localhost/authority_db?{name}=1");
        assert!(Config::parse(&address, &nothing).is_ok(), "{name}");
    }
    assert_eq!(first_column(&page, "## Connection pooling").len(), 6);
}

#[test]
fn every_link_of_the_page_leads_somewhere() {
    let page = page();
    let links: Vec<_> = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 2, "{links:?}");
    for link in links {
        assert!(folder().join(link).is_file(), "{link}");
    }
}

fn work_through(shell: &Shell, block: &Block, treatment: &Treatment) {
    let what = format!("docs/database-setup.md line {}", block.line);
    let text = shell.filled(&block.text, treatment.replaced);
    match (treatment.how, block.language.as_str()) {
        (How::Run, "bash") => drop(shell.run(&what, &format!("{}{text}", treatment.before))),
        (How::Run, "sql") => {
            let psql = "psql --quiet --set ON_ERROR_STOP=1 --dbname authority_db";
            drop(shell.run(&what, &format!("{psql} <<'END OF SQL'\n{text}END OF SQL")));
        }
        (How::OnlyUnderstood, "bash") => drop(shell.run(&what, &format!("({text}authority-db url)"))),
        (How::PrintedBy(arguments), "ini") => printed_by(&block.text, arguments),
        (How::Cron, "text") => scheduled_by_cron(shell, &what, &text),
        (How::SystemdUnits, "ini") => scheduled_by_systemd(shell, &what, &text),
        (How::HostBasedAuthentication, "text") => understood_by_the_server(shell, &what, &block.text),
        (_, language) => panic!("{what}: it is not known what to do with {language}"),
    }
}

fn printed_by(block: &str, arguments: &[&str]) {
    let printed: Outcome = authority_db(OF_THE_PAGE, arguments).output().expect("authority-db runs").into();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    for line in block.lines().filter(|line| !line.is_empty()) {
        assert!(printed.stdout.lines().any(|other| other == line), "{line} is printed: {printed:?}");
    }
}

fn start_pgbouncer(shell: &mut Shell) -> Pooler {
    let ini = fs::read_to_string(shell.directory().join("pgbouncer.ini")).expect("a block has written it");
    let owner = shell.server.data_dir().metadata().expect("the server's data");
    let file = shell.directory().join("userlist.txt");
    let mode = file.metadata().expect("a block has written it").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads the verifiers: {mode:o}");
    let userlist = fs::read_to_string(file).expect("a block has written it");
    assert_eq!(userlist.lines().filter(|line| line.contains("SCRAM-SHA-256$")).count(), 2, "{userlist}");
    let (first, listening) = (shell.pooler_port, |port| format!("listen_port = {port}\n"));
    for _ in 0..3 {
        let ini = ini.replace(&listening(first), &listening(shell.pooler_port));
        if let Some(pooler) = Pooler::in_front_of(&owner, &ini, &userlist, shell.pooler_port) {
            return pooler;
        }
        shell.pooler_port = free_port();
    }
    panic!("PgBouncer found no free port");
}

/// The five fields of the time, and then a command for `sh`.
fn scheduled_by_cron(shell: &Shell, what: &str, line: &str) {
    let words: Vec<_> = line.split_whitespace().collect();
    let (time, command) = words.split_at(5);
    assert!(time.iter().all(|field| *field == "*" || field.parse::<u32>().is_ok()), "{line}");
    let command = command.join(" ").replace("/etc/authority/database.env", "./database.env");
    let script = format!(
        "printf \"DATABASE_URL='%s'\\\\n\" \"$DATABASE_URL\" > database.env\nenv --unset DATABASE_URL sh -c '{command}'"
    );
    assert!(shell.run(what, &script).stdout.contains("nothing to do"), "the block before has done it");
}

/// What the timer starts has the timer's name, and its command runs.
fn scheduled_by_systemd(shell: &Shell, what: &str, units: &str) {
    let files: Vec<_> =
        units.lines().filter_map(|line| line.strip_prefix("# /etc/systemd/system/")).collect();
    assert_eq!(files, ["authority-maintain.service", "authority-maintain.timer"]);
    let command = units.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/"));
    assert!(shell.run(what, command.expect("a command")).stdout.contains("nothing to do"));
}

fn understood_by_the_server(shell: &Shell, what: &str, lines: &str) {
    let file = shell.server.data_dir().join("pg_hba.conf");
    let before = fs::read_to_string(&file).expect("the server has one");
    fs::write(&file, format!("{before}\n{lines}")).expect("it can be written");
    let sql = "SELECT count(*) FILTER (WHERE error IS NOT NULL), count(*) FILTER (WHERE 'authority_app' = ANY (user_name)) FROM pg_hba_file_rules";
    let outcome = shell.run(what, &format!("psql -XAtc \"{sql}\""));
    assert_eq!(outcome.stdout.trim(), "0|3", "{outcome:?}");
}
