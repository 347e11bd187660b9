//! What is done with each block of the page. A block without an entry here fails the test, and so does an entry
//! without a block.

/// What is done with a block.
pub(super) struct Treatment {
    /// The first line of the block.
    pub(super) first_line: &'static str,
    pub(super) how: How,
    /// Commands that make room for it.
    pub(super) before: &'static str,
    /// Words that are placeholders, or would ask a person, and what stands for them.
    pub(super) replaced: &'static [(&'static str, &'static str)],
}

/// In which way a block is true.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// It runs.
    Run,
    /// It names a server that does not exist: the address is understood, and forgotten afterwards.
    OnlyUnderstood,
    /// Each of its settings is printed by this command.
    PrintedBy(&'static [&'static str]),
    /// It installs a service on the machine: PgBouncer is started with these very files instead.
    StartPgBouncer,
    /// Its command runs, in the environment that the file it reads gives it.
    Cron,
    /// Two files of systemd: the command of the service runs.
    SystemdUnits,
    /// The server understands its lines in `pg_hba.conf`.
    HostBasedAuthentication,
}

/// Replaced in every block. What is in braces is known when the servers run.
pub(super) const EVERYWHERE: [(&str, &str); 5] = [
    ("postgres://postgres@localhost:5432/authority_db", "{SUPERUSER_URL}"),
    ("postgres://postgres@localhost:5432/postgres", "{MAINTENANCE_URL}"),
    ("localhost:5432", "127.0.0.1:{PGPORT}"),
    ("localhost:6432", "127.0.0.1:{POOLER_PORT}"),
    ("-h localhost -p 5432", "-h 127.0.0.1 -p {PGPORT}"),
];

/// Nothing of the page is on the server.
pub(super) const NOTHING: &str = "dropdb --if-exists --force authority_db
dropuser --if-exists authority_app
dropuser --if-exists authority
";

pub(super) const TREATMENTS: [Treatment; 35] = [
    run("psql --version"),
    run("export DATABASE_URL=postgres://authority@localhost:5432/authority_db"),
    Treatment {
        first_line: "createuser --pwprompt authority",
        how: How::Run,
        before: NOTHING,
        // Without a terminal, the password is read from standard input.
        replaced: &[(
            "createuser --pwprompt",
            "printf 'secure_password\\nsecure_password\\n' | setsid --wait createuser --pwprompt",
        )],
    },
    run("export DATABASE_URL=postgres://authority:secure_password@localhost:5432/authority_db"),
    treated(
        "export DATABASE_URL='postgres://authority@db.example.com/authority_db?sslmode=verify-full&sslrootcert=/etc/authority/ca.pem'",
        How::OnlyUnderstood,
    ),
    run("authority-db migrate"),
    run("authority-db migrate plan > plan.sql"),
    run("authority-db seed --admin-email ada@example.com"),
    run("authority-db maintain --dry-run"),
    treated("17 3 * * *  set -a; . /etc/authority/database.env; authority-db maintain", How::Cron),
    treated("# /etc/systemd/system/authority-maintain.service", How::SystemdUnits),
    run("authority-db backup backup.sql.gz"),
    run("createdb --owner authority authority_restored"),
    run("pg_dump authority_db | gzip > plain.sql.gz"),
    run(
        "export DATABASE_URL='postgres://authority:secure_password@localhost:5432/authority_db?initial_pool_size=10&max_pool_size=50'",
    ),
    run(
        "export DATABASE_URL='postgres://authority:secure_password@localhost:5432/authority_db?options=-c%20lock_timeout=1500ms&statement_timeout=10s'",
    ),
    Treatment {
        first_line: "(umask 077; psql -XAtc \"SELECT format('\\\"%s\\\" \\\"%s\\\"', rolname, rolpassword) FROM pg_authid WHERE rolname IN ('authority', 'authority_app')\" > userlist.txt)",
        how: How::Run,
        before: "",
        replaced: &[(
            "authority-db pgbouncer",
            "authority-db pgbouncer --listen-port {POOLER_PORT} --auth-file userlist.txt",
        )],
    },
    treated("[databases]", How::PrintedBy(&["pgbouncer"])),
    treated(
        "sudo install --owner postgres --group postgres --mode 640 pgbouncer.ini userlist.txt /etc/pgbouncer/",
        How::StartPgBouncer,
    ),
    run("export DATABASE_URL=postgres://authority:secure_password@localhost:6432/authority_db"),
    run("ALTER ROLE authority_app SET lock_timeout = '2s';"),
    run(
        "  export DATABASE_URL='postgres://authority:secure_password@localhost:6432/authority_db?prepared_statements=false'",
    ),
    run("authority-db tune --memory 1GB --connections 100"),
    treated("# Memory", How::PrintedBy(&["tune", "--memory", "1GB", "--connections", "100"])),
    run("authority-db tune > tuned.conf"),
    run("authority-db tune --apply --database-url postgres://postgres@localhost:5432/authority_db"),
    run("SELECT relname, indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) AS size"),
    run("authority-db doctor"),
    run("pg_isready -h localhost -p 5432"),
    treated(
        "# TYPE  DATABASE      USER                     ADDRESS       METHOD",
        How::HostBasedAuthentication,
    ),
    run("psql -c \"SELECT pg_reload_conf()\""),
    Treatment {
        first_line: "createdb --owner authority authority_db",
        how: How::Run,
        before: "",
        // It exists by now, and is needed further on.
        replaced: &[("authority_db", "authority_another")],
    },
    run("GRANT ALL PRIVILEGES ON DATABASE authority_db TO authority;"),
    run("authority-db migrate"),
    run("GRANT CONNECT ON DATABASE authority_db TO authority_app;"),
];

const fn run(first_line: &'static str) -> Treatment {
    treated(first_line, How::Run)
}

const fn treated(first_line: &'static str, how: How) -> Treatment {
    Treatment { first_line, how, before: "", replaced: &[] }
}
