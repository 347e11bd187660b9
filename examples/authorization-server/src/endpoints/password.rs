//! A new password, which the first login of a generated one has to set.

use authority_password::{Owner, Password, Policy};
use authority_store::{Actor, ChangePassword, ChangePasswordRefusal, CurrentPassword, Elsewhere};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::Shared;
use crate::caller::Caller;
use crate::csrf::Csrf;
use crate::error::{Failure, PageError};
use crate::html;
use crate::local::redirect;
use crate::parameters::{BadForm, Form};
use crate::passwords::Checked;
use crate::session::signed_in;

/// Shows the form.
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    Ok(match signed_in(&app, &caller, &headers).await? {
        Some(person) => form(&person.csrf, None).into_response(),
        None => redirect("/login")?,
    })
}

/// Changes the password and revokes everything that was got by the old one, but for this session.
pub(super) async fn change(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let Some(person) = signed_in(&app, &caller, &headers).await? else { return Ok(redirect("/login")?) };
    person.csrf.require(&body)?;
    let refused = |why: &str| Ok((StatusCode::BAD_REQUEST, form(&person.csrf, Some(why))).into_response());
    let id = person.session.user;
    let user = app.store.find_user_for_login(&person.session.username, caller.now).await?;
    let had = app.store.passwords_of_user(id).await?;
    let (Some(user), Some(had)) = (user.filter(|user| user.id == id), had) else {
        return Ok(redirect("/login")?);
    };

    // Who finds a browser open guesses here as at the login, so it counts.
    let current = Password::new(body.get("current").unwrap_or_default());
    if let Checked::Wrong = app.passwords.check(current, had.current.clone()).await? {
        app.store.record_failed_login(Some(id), &caller.audit(), caller.now).await?;
        return refused(WRONG);
    }
    let Some(current) = had.current else { return Ok(redirect("/login")?) };
    let new = Password::new(body.get("new").unwrap_or_default());
    let owner = Owner { username: &user.username, email: &user.email };
    if let Err(refusal) = Policy::default().check(&new, &owner) {
        return refused(&format!("The new password is not accepted: {refusal}."));
    }
    let earlier =
        had.earlier.reveal().map(|hash| authority_entity::secret::PasswordHash::new(hash.to_owned()));
    let had = earlier.chain([current.clone()]).collect();
    let Some(new) = app.passwords.hash_new(new, had).await? else {
        return refused("You had this password before.");
    };
    let audit = caller.audit();
    let request = ChangePassword {
        user: id,
        new: &new,
        current: CurrentPassword::Is(&current),
        must_change: false,
        elsewhere: Elsewhere::Revoked { but: Some(person.session.id) },
        actor: Actor::User(id),
        audit: Some(&audit),
    };
    match app.store.change_password(&request, caller.now).await.map_err(Failure::from)? {
        Ok(()) => Ok(redirect("/")?),
        Err(ChangePasswordRefusal::UserLocked) => refused(WRONG),
        Err(_) => refused("The password was changed by somebody else meanwhile."),
    }
}

/// One answer to every guess: who is locked out does not learn of a right one.
const WRONG: &str = "The current password is wrong, or there were too many attempts.";

fn form(csrf: &Csrf, complaint: Option<&str>) -> impl IntoResponse + use<> {
    let complaint = complaint.map(html::paragraph).unwrap_or_default();
    let fields = [
        csrf.field(),
        html::input("Current password", "current", "password", ""),
        html::input("New password", "new", "password", ""),
        "<button>Change it</button>\n".to_owned(),
    ];
    html::page("New password", &format!("{complaint}{}", html::form(Some("/password"), &fields.concat())))
}
