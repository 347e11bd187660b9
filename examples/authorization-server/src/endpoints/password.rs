//! A new password, which the first login of a generated one has to set.

use authority_entity::secret::PasswordHash;
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
use crate::local::{Local, redirect};
use crate::parameters::{BadForm, Form, Query};
use crate::passwords::Checked;
use crate::session::{signed_in, to_login};

/// Shows the form.
pub(super) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let back = Local::new(query.get("return_to").unwrap_or_default());
    Ok(match signed_in(&app, &caller, &headers).await? {
        Some(person) => form(&person.csrf, &back, None).into_response(),
        None => to_login(&app, &headers, &back)?,
    })
}

/// Changes the password and revokes everything that was got by the old one. This session alone goes on, under a new
/// cookie: whoever copied the old one is out as well.
pub(super) async fn change(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Form, BadForm>,
) -> Result<Response, PageError> {
    let Form(body) = body?;
    let back = Local::new(body.get("return_to").unwrap_or_default());
    let to_login = || Ok(to_login(&app, &headers, &back)?);
    let Some(person) = signed_in(&app, &caller, &headers).await? else { return to_login() };
    person.csrf.require(&body)?;
    let refused =
        |csrf: &Csrf, why: &str| (StatusCode::BAD_REQUEST, form(csrf, &back, Some(why))).into_response();
    let id = person.session.user;
    let user = app.store.find_user_for_login(&person.session.username, caller.now).await?;
    let had = app.store.passwords_of_user(id).await?;
    let (Some(user), Some(had)) = (user.filter(|user| user.id == id), had) else { return to_login() };

    // Who finds a browser open guesses here as at the login, so it counts, and while guessing is locked out nothing
    // tells a right guess.
    let current = Password::new(body.get("current").unwrap_or_default());
    let is_right = match app.passwords.check(current, had.current.clone()).await? {
        Checked::Right { .. } => {
            let audit = caller.audit();
            app.store.record_login(id, caller.address, Some(&audit), caller.now).await?.is_ok()
        }
        Checked::Wrong => {
            app.store.record_failed_login(Some(id), &caller.audit(), caller.now).await?;
            false
        }
    };
    let (true, Some(current)) = (is_right, had.current) else { return Ok(refused(&person.csrf, WRONG)) };
    let new = Password::new(body.get("new").unwrap_or_default());
    let owner = Owner { username: &user.username, email: &user.email };
    if let Err(refusal) = Policy::default().check(&new, &owner) {
        return Ok(refused(&person.csrf, &format!("The new password is not accepted: {refusal}.")));
    }
    let earlier = had.earlier.reveal().map(|hash| PasswordHash::new(hash.to_owned()));
    let had = earlier.chain([current.clone()]).collect();
    let Some(new) = app.passwords.hash_new(new, had).await? else {
        return Ok(refused(&person.csrf, "You had this password before."));
    };

    // Before the change: should this server stop in between, no old cookie is left under the new password.
    let Some(person) = person.renew(&app, &caller).await? else { return to_login() };
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
    let changed = app.store.change_password(&request, caller.now).await.map_err(Failure::from);
    let mut response = match changed {
        Ok(Ok(())) => redirect(back.as_str())?,
        Ok(Err(ChangePasswordRefusal::UserLocked)) => refused(&person.csrf, WRONG),
        Ok(Err(_)) => refused(&person.csrf, "The password was changed by somebody else meanwhile."),
        Err(failure) => PageError::from(failure).into_response(),
    };
    person.keep(&app, &mut response);
    Ok(response)
}

/// One answer to every guess: who is locked out does not learn of a right one.
const WRONG: &str = "The current password is wrong, or there were too many attempts.";

fn form(csrf: &Csrf, back: &Local, complaint: Option<&str>) -> impl IntoResponse + use<> {
    let complaint = complaint.map(html::paragraph).unwrap_or_default();
    let fields = [
        csrf.field(),
        html::hidden("return_to", back.as_str()),
        html::input("Current password", "current", "password", ""),
        html::input("New password", "new", "password", ""),
        "<button>Change it</button>\n".to_owned(),
    ];
    html::page("New password", &format!("{complaint}{}", html::form(Some("/password"), &fields.concat())))
}
