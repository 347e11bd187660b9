use authority_local_postgres::Ephemeral;

use crate::servers::{encoded, superuser_reads};

/// Who exists, with which password, and who may do what with which database, schema and table: what a refused run,
/// and a second one, must not change.
pub(crate) async fn state(server: &Ephemeral) -> Vec<String> {
    let cluster = "
        SELECT format('%s %s %s %s %s %s', rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolpassword)
          FROM pg_authid
        UNION ALL
        SELECT format('%s in %s by %s %s', m.member::regrole, m.roleid::regrole, m.grantor::regrole, m.admin_option)
          FROM pg_auth_members m
        UNION ALL
        SELECT format('database %s of %s %s', datname, datdba::regrole, datacl) FROM pg_database
        ORDER BY 1";
    let mut state = superuser_reads(server, "postgres", cluster).await;
    let databases = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1";
    for database in superuser_reads(server, "postgres", databases).await {
        let within = "
            SELECT format('schema %s of %s %s', nspname, nspowner::regrole, nspacl) FROM pg_namespace
             WHERE nspname = 'public'
            UNION ALL
            SELECT format('%s of %s %s', oid::regclass, relowner::regrole, relacl) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('default %s %s', defaclrole::regrole, defaclacl) FROM pg_default_acl
            ORDER BY 1";
        let encoded = encoded(&database);
        state.extend(
            superuser_reads(server, &database, within).await.iter().map(|line| format!("{encoded} {line}")),
        );
    }
    state
}
