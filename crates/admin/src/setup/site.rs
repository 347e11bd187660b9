//! What is set up, and through which connections.

use authority_connection::{Config, Password};
use authority_migration::grants::SERVING_ROLE;

use super::cluster::is_about_a_password;
use super::password::{self, NewPassword};
use crate::context::{Connected, Database, Origin};
use crate::{Context, Failure, Outcome};

/// One of the two roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Owns the database and runs migrations; `DATABASE_URL` names it.
    Owner,
    /// Serves requests.
    Serving,
}

/// The database to be, its roles, and the ways to the server.
pub(super) struct Site {
    owner: Account,
    serving: Account,
    origin: Origin,
    /// In the order in which they are tried.
    maintenance: Vec<Config>,
    maintenance_is_named: bool,
    new_passwords: bool,
}

/// How a role reaches the database.
struct Account {
    config: Config,
    /// The password that it is to have, from the URL or a variable.
    given: Option<Password>,
    generated: bool,
}

impl Site {
    /// Finds out where everything is; connects to nothing but a private server.
    ///
    /// Fails when a URL cannot be understood, and when what was given contradicts itself.
    pub(super) fn new(
        context: &Context,
        maintenance_url: Option<&str>,
        new_passwords: bool,
    ) -> Outcome<Self> {
        let Database { config, origin } = context.database()?;
        let named = match maintenance_url {
            Some(url) => {
                Some(context.config_of_argument("--maintenance-url", "MAINTENANCE_DATABASE_URL", url)?)
            }
            None => maintenance_of_environment(context)?,
        };
        let maintenance_is_named = named.is_some();
        let maintenance = match (named, &origin) {
            (Some(config), _) => vec![config],
            (None, Origin::PrivateServer(_)) => vec![superuser_of_private_server(context)?],
            (None, Origin::DatabaseUrl) => likely_maintenance(context, &config)?,
        };
        if ["postgres", "template0", "template1"].contains(&config.database()) {
            let sentence = format!("the database {:?} is the server's own", config.database());
            return Err(Failure::wrong_usage(sentence)
                .with_fix("name the database to be in DATABASE_URL, such as authority_db".to_owned()));
        }
        let serving = context.serving_role();
        if serving == config.user() {
            let sentence = format!("the role {serving:?} cannot both own the database and serve requests");
            return Err(Failure::wrong_usage(sentence)
                .with_fix("name another role in DATABASE_URL, or in AUTHORITY_SERVING_ROLE".to_owned()));
        }
        let serving = config.with_user(&serving).map_err(|error| {
            let failure = Failure::new(&error).preventing("AUTHORITY_SERVING_ROLE").as_wrong_usage();
            failure.with_fix(format!("AUTHORITY_SERVING_ROLE={SERVING_ROLE}"))
        })?;
        let serving = Account::new(serving, variable(context, "AUTHORITY_APP_PASSWORD"))?;
        let owner = Account::new(config, owner_password(context, new_passwords)?)?;
        Ok(Self { owner, serving, origin, maintenance, maintenance_is_named, new_passwords })
    }

    /// The name of a role.
    pub(super) fn role(&self, part: Part) -> &str {
        self.config(part).user()
    }

    /// How a role reaches the database.
    pub(super) fn config(&self, part: Part) -> &Config {
        &self.account(part).config
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        self.owner.config.database()
    }

    /// The ways to the server, as those who may make roles and databases.
    pub(super) fn maintenance(&self) -> &[Config] {
        &self.maintenance
    }

    /// Whether the operator said which way that is.
    pub(super) fn maintenance_is_named(&self) -> bool {
        self.maintenance_is_named
    }

    /// Whether roles that exist get new passwords, too.
    pub(super) fn new_passwords(&self) -> bool {
        self.new_passwords
    }

    /// The password that a role is to have, where the operator has given one.
    pub(super) fn given_password(&self, part: Part) -> Option<&Password> {
        self.account(part).given.as_ref()
    }

    /// The password that a role is to have: given, asked for, or generated.
    pub(super) fn choose_password(&self, part: Part) -> Outcome<NewPassword> {
        password::choose(self.role(part), self.given_password(part)).map_err(|error| Failure::new(&error))
    }

    /// Takes note of the password that a role now has.
    pub(super) fn password_was_set(&mut self, part: Part, new: NewPassword) -> Outcome {
        let account = match part {
            Part::Owner => &mut self.owner,
            Part::Serving => &mut self.serving,
        };
        account.config = account.config.with_password(new.password).map_err(|error| Failure::new(&error))?;
        account.generated = new.generated;
        Ok(())
    }

    /// Whether a role's password is one that nobody has seen yet.
    pub(super) fn is_generated(&self, part: Part) -> bool {
        self.account(part).generated
    }

    pub(super) fn has_generated_passwords(&self) -> bool {
        self.owner.generated || self.serving.generated
    }

    /// Connects to the database as its owner, or, where the owner's password is not known, as a maintenance role that
    /// may act as the owner.
    pub(super) async fn connect(&self, context: &Context) -> Outcome<Connected> {
        let owner = Database { config: self.owner.config.clone(), origin: self.origin.clone() };
        let refusal = match owner.config.probe().await {
            Err(error) if is_about_a_password(&error) => error,
            // Anything else keeps the owner out for good, and has to be seen.
            _ => return owner.connect().await,
        };
        for way in &self.maintenance {
            let acting = way
                .with_database(self.database())
                .and_then(|way| way.acting_as(self.role(Part::Owner)))
                .map_err(|error| Failure::new(&error))?;
            let database = Database { config: acting, origin: self.origin.clone() };
            if let Ok(connected) = database.connect().await {
                return Ok(connected);
            }
        }
        Err(Failure::new(&refusal).with_fix(format!(
            "put the password of {owner} into AUTHORITY_OWNER_PASSWORD or DATABASE_URL; or give both roles new ones: \
             {program} setup --new-passwords",
            owner = self.role(Part::Owner),
            program = context.program()
        )))
    }

    fn account(&self, part: Part) -> &Account {
        match part {
            Part::Owner => &self.owner,
            Part::Serving => &self.serving,
        }
    }
}

impl Account {
    fn new(config: Config, given: Option<Password>) -> Outcome<Self> {
        let config = match &given {
            Some(password) => config.with_password(password.clone()).map_err(|error| Failure::new(&error))?,
            None => config,
        };
        Ok(Self { config, given, generated: false })
    }
}

fn variable(context: &Context, name: &str) -> Option<Password> {
    context.environment().get(name).map(Password::new)
}

/// The owner's password: in a variable of its own, or in the URL, which holds the old one if there is to be a new.
fn owner_password(context: &Context, new_passwords: bool) -> Outcome<Option<Password>> {
    let own = variable(context, "AUTHORITY_OWNER_PASSWORD");
    if new_passwords || !context.url_holds_password() {
        return Ok(own);
    }
    let in_url = context.database()?.config.password().cloned();
    match own {
        Some(own) if in_url.as_ref() != Some(&own) => {
            Err(Failure::wrong_usage("DATABASE_URL and AUTHORITY_OWNER_PASSWORD hold different passwords")
                .with_fix(
                    "remove one; --new-passwords changes the one of DATABASE_URL to the other".to_owned(),
                ))
        }
        _ => Ok(in_url),
    }
}

fn maintenance_of_environment(context: &Context) -> Outcome<Option<Config>> {
    let Some(url) = context.environment().get("MAINTENANCE_DATABASE_URL") else { return Ok(None) };
    let config = Config::parse(url, context.environment()).map_err(|error| {
        Failure::wrong_usage("MAINTENANCE_DATABASE_URL cannot be used")
            .because(error.to_string())
            .with_fix("MAINTENANCE_DATABASE_URL=postgres://user:password@host:port/postgres".to_owned())
    })?;
    Ok(Some(config))
}

fn superuser_of_private_server(context: &Context) -> Outcome<Config> {
    let url = context.private_server()?.endpoint().admin_url();
    let nothing = authority_connection::Environment::from_pairs::<String, String>([]);
    Config::parse(&url, &nothing).map_err(|error| Failure::new(&error))
}

/// The database `postgres` on the same server: as the user that psql would take, then as the owner.
fn likely_maintenance(context: &Context, target: &Config) -> Outcome<Vec<Config>> {
    let find = || {
        let owner = target.with_database("postgres")?;
        // What a URL that leaves everything open says, as psql does without arguments.
        let open = Config::parse("postgres:///postgres", context.environment())?;
        if open.user() == owner.user() {
            return Ok(vec![owner]);
        }
        let mut usual = owner.with_user(open.user())?;
        if let Some(password) = open.password() {
            usual = usual.with_password(password.clone())?;
        }
        Ok(vec![usual, owner])
    };
    find().map_err(|error: authority_connection::ConfigError| Failure::new(&error))
}
