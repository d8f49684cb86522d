// Made by generate.js from docs/openapi.json. Do not edit.

export interface paths {
    "/v1/auth/captured-mail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read captured mail
         * @description Only where no mail server is configured, so that links can be opened; elsewhere there is nothing here.
         */
        get: operations["list_captured_mail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/email/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm a new e-mail address
         * @description From then on the person logs in with it; sessions go on. A token works once, and not when the address has become
         *     somebody's meanwhile.
         */
        post: operations["confirm_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in
         * @description The answer, and the time it takes, are the same for an unknown address and a wrong password. After ten failures
         *     within an hour further tries with the address are refused for a minute, then for longer each time, up to a quarter
         *     of an hour; a log-in that succeeds and a password that is reset end that. Logging in brings back an account that was
         *     deleted less than 30 days ago.
         *
         *     With 202 the password is right and the person has a second factor: the log-in waits for `POST /v1/auth/totp` from this
         *     browser, at most five minutes. Who does not know the password does not learn whether there is one.
         */
        post: operations["log_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description Ends the session of the cookie, and all console tokens of the person: nodes that are connected refuse them within a
         *     second.
         */
        post: operations["log_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a new password
         * @description Sends a link to set one, good for an hour and once; of several the newest is good. The answer, and the time it
         *     takes, are the same when the address has no account: then no mail is sent.
         */
        post: operations["forgot_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password by a link
         * @description Ends all sessions and console tokens of the person and all links sent to them before, lets them log in again after
         *     too many failed attempts, tells them by mail, and signs in. A second factor stays, and is asked for with 202, as when
         *     logging in. With a password that is refused the token stays good.
         */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign up
         * @description The account and its organisation come into being when the link in the mail is opened. The answer is the same when
         *     the address has an account; its owner is told by mail. Send it again if no mail arrives. The cookie tells this browser
         *     from others: in another one the link also asks for the password.
         */
        post: operations["sign_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish a log-in with the second factor
         * @description From the browser whose log-in waits, within five minutes. A code is good once, and so is a recovery code; a wrong one is
         *     refused at `/code` with `wrong_code`, and the log-in waits on. After ten wrong ones within an hour further ones are
         *     refused for a minute, then for longer each time, up to a quarter of an hour, also when the log-in is begun anew or the
         *     password is reset. With `login_failed` nothing waits any more: log in again.
         */
        post: operations["finish_log_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify an e-mail address
         * @description Makes the account and its organisation in the Community edition, and signs in. A token works once, in the browser that
         *     signed up, or anywhere with the password chosen there: opening the mail of a sign-up that somebody else made is not
         *     enough. Without the password where it is needed the answer names `/password` with `password_required`, and with
         *     another one `wrong_password`; the token stays good.
         */
        post: operations["verify_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["get_me"];
        put?: never;
        post?: never;
        /**
         * Delete one's account
         * @description Ends all sessions and console tokens of the person at once. The account and its memberships are removed after 30
         *     days; logging in before brings it back. Refused with 409 while an organisation has no other owner; `organizations`
         *     names them. API keys are the organisations' and stay.
         */
        delete: operations["delete_me"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change one's e-mail address
         * @description Sends a link to the new address, and a notice to the old one, which stays until the link is opened. The answer is
         *     the same when the new address has an account; its owner is told by mail. Of several changes the newest is good.
         */
        put: operations["change_email"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invitation
         * @description For whoever is signed in with the address that the invitation was sent to; who has no account signs up with it
         *     first. A token works once. One that is wrong, used, revoked, too old or for another address is refused in the same
         *     words.
         */
        post: operations["accept_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change one's password
         * @description Ends all other sessions and all console tokens of the person and all links sent to them, and tells them by mail.
         *     With another current password the answer names `/current_password` with `wrong_password`.
         */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List one's sessions
         * @description Those that are neither over nor were left unused for too long, newest first. One person has at most 50; the oldest
         *     make room.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /**
         * End all other sessions of one's own
         * @description And, as logging out does, all console tokens of the person; the browser that asks stays signed in and gets new ones.
         */
        delete: operations["end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of one's sessions
         * @description And, as logging out does, all console tokens of the person; browsers that are still signed in get new ones. The
         *     session that asks may be ended too: then the cookie is taken away. Somebody else's is not there.
         */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set up a second factor
         * @description By time-based codes (RFC 6238: SHA-1, six digits, 30 seconds). Nothing changes before `POST /v1/me/totp/confirm`; the
         *     newest secret alone can be confirmed, within an hour. Needs the password, or a session that is younger than ten minutes.
         *     Refused with 409 when there is a second factor: remove that one first.
         */
        post: operations["begin_totp"];
        /**
         * Remove the second factor
         * @description With its recovery codes. Needs the password and a code that was not used before; wrong ones count as at the log-in.
         *     Tells the person by mail. Without a factor the answer is 404.
         */
        delete: operations["remove_totp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm a second factor
         * @description From then on it is asked for at every log-in, and the code that confirmed it is used up. Sessions go on. The recovery
         *     codes in the answer are shown this once. Tells the person by mail. Without a factor to be confirmed the answer is 404,
         *     with one that is confirmed 409.
         */
        post: operations["confirm_totp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace one's recovery codes
         * @description The old ones end. The new ones are shown this once. Needs a code that was not used before; wrong ones count as at the
         *     log-in. Tells the person by mail. Without a factor the answer is 404.
         */
        post: operations["replace_recovery_codes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List collections
         * @description All collections of the namespace, by name. Costs no query units.
         */
        get: operations["list_collections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a collection
         * @description Its schema and size. Costs no query units.
         */
        get: operations["get_collection"];
        /**
         * Make a collection
         * @description Repeatable: 201 when it was made, 200 when it was there with the same schema, 409 when it is there with
         *     another one. When it was there it costs nothing, except with an `Idempotency-Key`, whose answer is stored.
         */
        put: operations["put_collection"];
        post?: never;
        /**
         * Remove a collection
         * @description With all its records. 404 when it is not there.
         */
        delete: operations["delete_collection"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Count records */
        post: operations["count_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Remove records
         * @description By id or by filter. Durable, and visible to every later read, when the reply comes.
         */
        post: operations["delete_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/fetch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read records
         * @description By id. Sees every write acknowledged before.
         */
        post: operations["fetch_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/multi-query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search a collection several times
         * @description Up to 16 queries of one state of the collection: no write comes between them. Each is counted as a query.
         */
        post: operations["multi_query_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/patch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change parts of records
         * @description What is not named stays as it is at the commit, so changes of different parts that meet both stay. Durable, and visible
         *     to every later read, when the reply comes. Counted as an upsert of the whole records.
         */
        post: operations["patch_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search a collection
         * @description By vector, by the meaning of a text, by its words, or by both; with a filter, a bound, or by group. Sees every
         *     write acknowledged before.
         */
        post: operations["query_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/recall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Measure how exact answers are
         * @description Asks for the records nearest to some of the collection's own, those left out, with the index and without, and
         *     compares the answers. Counted as two queries for each sample.
         */
        post: operations["probe_recall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/scan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read all records
         * @description Page by page in the order of their ids, or of an attribute. Stable under writes: a record that stays is seen once. A page of large
         *     records may end before `limit`; `next_cursor` alone says whether there are more.
         */
        post: operations["scan_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/namespaces/{namespace}/collections/{collection}/upsert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Write records
         * @description Each replaces the whole record of its id. Durable, and visible to every later read, when the reply comes.
         */
        post: operations["upsert_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an organisation
         * @description In the Community edition, with the caller as its owner. A person has one organisation in that edition: who owns or
         *     made one creates another when that one is upgraded.
         */
        post: operations["create_organization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an organisation */
        get: operations["get_organization"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change an organisation
         * @description For admins and owners.
         */
        patch: operations["update_organization"];
        trace?: never;
    };
    "/v1/orgs/{org}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Those that are not revoked, oldest first; for a key, those that reach no further than itself. Secrets are not kept, so
         *     none is shown.
         */
        get: operations["list_api_keys"];
        put?: never;
        /**
         * Create an API key
         * @description Only the answer to this request has the secret. A key makes no key that reaches, may or lasts more than itself, or
         *     that can be used from more addresses or faster.
         */
        post: operations["create_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/api-keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an API key
         * @description All but its secret. A revoked key is not there any more; for a key, neither is one that reaches further than itself.
         */
        get: operations["get_api_key"];
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description For good. Nodes that are connected refuse it within a second. For a key, one that reaches further than itself is not
         *     there.
         */
        delete: operations["revoke_api_key"];
        options?: never;
        head?: never;
        /**
         * Change an API key
         * @description Nodes that are connected act by it within a second; the secret stays. A key changes no key so that it reaches, may
         *     or lasts more than itself, or can be used from more addresses or faster. A key that was rotated cannot be made to last longer,
         *     and one that has expired stays so.
         */
        patch: operations["update_api_key"];
        trace?: never;
    };
    "/v1/orgs/{org}/api-keys/{key}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate an API key
         * @description Makes a key with a secret of its own and all that the old one has: name, namespaces, scopes, addresses, limits and end. The
         *     old one ends after the overlap, or at its own end when that is sooner; until then both are good. A key is rotated
         *     once, and not while the one that it replaces is still good. A rotation is not refused for the limit of keys, but the
         *     old key counts until it ends. A key rotates no key that reaches, may or lasts more than itself, or that can be used
         *     from more addresses or faster.
         */
        post: operations["rotate_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/audit-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events of the audit log
         * @description What was changed in the organisation and by whom, and attempts at it that were refused for the caller's role or
         *     scope, the edition or a limit; newest first. Events that come while pages are read move none to another page. For
         *     the roles owner and admin; for a key, only with the pattern `*`.
         */
        get: operations["list_audit_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/audit-events/{event}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an event of the audit log
         * @description For the roles owner and admin; for a key, only with the pattern `*`.
         */
        get: operations["get_audit_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/billing/invoices/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The running month's invoice so far
         * @description Rates everything reported in the running month (UTC) by the price book in force. A line charges what was used beyond
         *     the included amount; an edition that stops at its included amounts owes nothing. A bill is about all namespaces, so a
         *     key needs the pattern `*`.
         */
        get: operations["preview_invoice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/billing/price-book": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The price book in force
         * @description Prices and included amounts of the running month (UTC). Those of a book that has been in force never change; its end is
         *     set when a new version is to follow it at the start of a month.
         */
        get: operations["get_price_book"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/console-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a console token
         * @description For signed-in people: a key of this organisation that is good for 15 minutes and reads, and for those who may also
         *     writes, in every namespace. It is not listed, does not count against the limit of keys, and ends with logging out,
         *     with another role, and with belonging to the organisation.
         */
        post: operations["create_console_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/edition": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the edition with its features and limits */
        get: operations["get_edition"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List invitations
         * @description Those that wait for an answer, oldest first. Tokens are not kept, so none is shown.
         */
        get: operations["list_invitations"];
        put?: never;
        /**
         * Invite somebody
         * @description For signed-in admins and owners; only owners invite owners. A mail with a link goes to the address, good for 7 days.
         *     One that is sent again takes the place of the older one. Whether the address has an account is not told.
         *     Invitations that wait take up places of the limit `members`.
         */
        post: operations["create_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/invitations/{invitation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an invitation
         * @description For signed-in admins and owners. Its link is worth nothing from then on.
         */
        delete: operations["revoke_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List members
         * @description Everybody who belongs to the organisation, in the order in which they signed up.
         */
        get: operations["list_members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/members/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member, or leave
         * @description Everybody may leave; admins remove others, and only owners remove owners. The last owner stays. From the next
         *     request on the organisation is not there for the person. Their console tokens end: nodes that are connected refuse
         *     them within a second. The invitations that they sent end, too; API keys are the organisation's and stay.
         */
        delete: operations["remove_member"];
        options?: never;
        head?: never;
        /**
         * Give a member another role
         * @description For signed-in admins and owners; only owners make owners, or take the role from one, and the last owner keeps it. It
         *     holds from the member's next request on. Their console tokens end, and with a lower role the invitations that they
         *     sent.
         */
        patch: operations["update_member"];
        trace?: never;
    };
    "/v1/orgs/{org}/namespaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List namespaces
         * @description Those that the caller reaches, by name in byte order. Deleted ones are in the list with the status `deleting`, where
         *     several may have one name, while they can be had back.
         */
        get: operations["list_namespaces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/namespaces/{ns}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a namespace
         * @description By name the one that is not deleted, or else the one that was deleted last.
         */
        get: operations["get_namespace"];
        /**
         * Create a namespace, or replace its labels
         * @description Waits up to 5 seconds until a node serves it; if none does by then the status is `creating` and changes by itself.
         */
        put: operations["put_namespace"];
        post?: never;
        /**
         * Delete a namespace
         * @description Data operations do not find it any more as soon as its node hears of it, and its name is free. Its data are kept, and
         *     billed as stored, and it can be had back with all of them until `purge_after`; then they are removed for good.
         *
         *     With `purge=true` the data of a namespace that is deleted are removed now. That needs the role admin or owner, and the
         *     namespace's name in `confirm`.
         */
        delete: operations["delete_namespace"];
        options?: never;
        head?: never;
        /** Change a namespace's labels */
        patch: operations["update_namespace"];
        trace?: never;
    };
    "/v1/orgs/{org}/namespaces/{ns}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a suspended namespace
         * @description Waits up to 5 seconds until its node serves it; if it does not by then the status is `creating` and changes by itself.
         *     What the operator of the service suspended, or an unpaid invoice, is not resumed by its organisation. To be repeated
         *     without harm.
         */
        post: operations["resume_namespace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/namespaces/{ns}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Suspend a namespace
         * @description Data operations on it are refused with 403 `forbidden` until it is resumed; its data stay, and are billed. Waits up to
         *     5 seconds until its node refuses them. To be repeated without harm.
         */
        post: operations["suspend_namespace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/namespaces/{ns}/undelete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undelete a namespace
         * @description With everything that was in it, at the same commit. Where several deleted namespaces have one name, the path has the
         *     id. Waits up to 5 seconds until its node serves it; if it does not by then the status is `creating` and changes by
         *     itself. Of a namespace that is not deleted nothing changes.
         */
        post: operations["undelete_namespace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs/{org}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Usage by hour or day
         * @description What was counted, as far as it has been reported (every few seconds), by meter and, on request, by key and
         *     namespace. It is about all namespaces, so a key needs the pattern `*`.
         */
        get: operations["get_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What the link in the mail carried. */
        AcceptInvitation: {
            /** @description The parameter `token` of the link. */
            token: string;
        };
        /** @description An IPv4 or IPv6 address, or one followed by `/` and a prefix length: `203.0.113.0/24`. */
        AddressRange: string;
        /** @description The answers to several queries. */
        Answers: {
            /** @description In the order of the queries. */
            answers: components["schemas"]["Hits"][];
        };
        /** @description An API key, all but its secret. */
        ApiKey: {
            id: components["schemas"]["ApiKeyId"];
            /**
             * Format: int64
             * @description Rises with every change; in quotation marks it is the key's `ETag`.
             */
            version: number;
            name: string;
            /**
             * @description What the key's text starts with.
             * @example adb_01j9z3k8m5v0q2r4t6w8y0a1b3
             */
            prefix: string;
            /** @description The namespaces it reaches. */
            namespaces: components["schemas"]["NamespacePattern"];
            scopes: components["schemas"]["Scope"][];
            /** @description From where it may be used; from anywhere when there are none. */
            allowed_addresses: components["schemas"]["AddressRange"][];
            /** @description How fast, below what the organisation may. */
            limits: components["schemas"]["KeyLimits"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Good until then; for ever when null.
             */
            expires_at?: string | null;
            replaces?: components["schemas"]["ApiKeyId"] | null;
            replaced_by?: components["schemas"]["ApiKeyId"] | null;
            /**
             * Format: date-time
             * @description When it was last used, to the minute and told within a minute; null when it never was.
             */
            last_used_at?: string | null;
            /** @description From where, in that minute at first. */
            last_used_address?: string | null;
        };
        ApiKeyId: string;
        /** @description API keys, oldest first. */
        ApiKeyList: {
            items: components["schemas"]["ApiKey"][];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /**
         * @description The type of an attribute.
         * @enum {string}
         */
        AttributeKind: "string" | "int" | "float" | "bool" | "timestamp" | "string_list";
        /** @description Who did it. */
        AuditActor: {
            /**
             * @description `person`, `api_key`, or `service` for what the service does of its own accord.
             * @example person
             */
            kind: string;
            /**
             * @description Null for the service.
             * @example usr_01j9z3k8m5v0q2r4t6w8y0a1b3
             */
            id?: string | null;
            /** @description At that time: a person's e-mail address, a key's name. */
            name?: string | null;
        };
        /** @description Where it came from. */
        AuditClient: {
            /** @description The IP address. */
            address?: string | null;
            /** @description As the client says; cut after 256 characters. */
            user_agent?: string | null;
        };
        /** @description What was done or refused. */
        AuditEvent: {
            id: components["schemas"]["AuditEventId"];
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["AuditActor"];
            client: components["schemas"]["AuditClient"];
            request_id?: components["schemas"]["RequestId"] | null;
            /**
             * @description The kind of thing, a dot, and what was done to it.
             * @example api_key.create
             */
            action: string;
            target: components["schemas"]["AuditTarget"];
            /**
             * @description `done`, or `refused`: then nothing has changed.
             * @example done
             */
            outcome: string;
            /**
             * @description The code of the refusal.
             * @example forbidden
             */
            code?: string | null;
            /**
             * Format: int32
             * @description Refusals since the one before this that are not in the log, since there were too many at once.
             */
            left_out: number;
            /**
             * @description By field what it was and what it became, `{"from": …, "to": …}`, of those that changed; `{"omitted": true}`
             *     where that is too long. No secrets.
             */
            details: Record<string, never>;
        };
        AuditEventId: string;
        /** @description Events of the audit log, newest first. */
        AuditEventList: {
            items: components["schemas"]["AuditEvent"][];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
            /**
             * Format: int64
             * @description How many days the edition keeps events; older ones are not there.
             * @example 90
             */
            kept_days: number;
        };
        /** @description What it was done to. */
        AuditTarget: {
            /**
             * @description The first part of the action.
             * @example api_key
             */
            kind: string;
            /**
             * @description Null when a refused request did not say.
             * @example key_01j9z3k8m5v0q2r4t6w8y0a1b3
             */
            id?: string | null;
            /** @description At that time; null when a refused request did not say. */
            name?: string | null;
        };
        /** @description The wish for a second factor. */
        BeginTotp: {
            /** @description Not needed within ten minutes of signing in. */
            current_password?: string | null;
        };
        /** @description What an authenticator app is to know. */
        BegunTotp: {
            /** @description To be typed into an app; base 32. Shown this once. */
            secret: string;
            /**
             * @description The same for an app that reads a QR code.
             * @example otpauth://totp/AgentDB%20Cloud:ada%40example.com?secret=…&issuer=AgentDB%20Cloud
             */
            otpauth_url: string;
            /**
             * Format: date-time
             * @description It is to be confirmed before.
             */
            expires_at: string;
        };
        /**
         * @description What happens beyond the included amounts.
         * @enum {string}
         */
        BeyondIncluded: "stop" | "charge";
        /** @description Mail that was kept here, newest first. */
        CapturedMail: {
            messages: components["schemas"]["CapturedMessage"][];
        };
        /** @description A mail that was kept here. */
        CapturedMessage: {
            to: string;
            subject: string;
            text: string;
            /** @description The link in the text. */
            link?: string | null;
            /** Format: date-time */
            at: string;
        };
        /** @description Another address for the account. */
        ChangeEmail: {
            /**
             * @description Where the link goes.
             * @example ada@example.com
             */
            email: string;
            current_password: string;
        };
        /** @description A new password in place of the one there is. */
        ChangePassword: {
            current_password: string;
            /** @description 10 to 256 characters, not the address, not well known. */
            new_password: string;
        };
        /** @description A collection that is gone. */
        CollectionDeleted: {
            /** @description Its name. */
            name: string;
        };
        /** @description The collections of a namespace, by name. At most as many as the edition allows in a namespace. */
        CollectionList: {
            collections: components["schemas"]["CollectionView"][];
        };
        /** @description The shape of a collection. It does not change after the collection is made. */
        CollectionSchema: {
            vector?: components["schemas"]["VectorColumn"] | null;
            text?: components["schemas"]["TextColumn"] | null;
            /**
             * @description The model that turns texts into vectors where none are given.
             * @example all-MiniLM-L6-v2
             */
            embedding_model?: string | null;
            /** @description Typed attributes by name: letters, digits and `_`, starting with a letter. At most 128. */
            attributes?: {
                [key: string]: components["schemas"]["AttributeKind"];
            };
        };
        /** @description A collection as it is now. */
        CollectionView: {
            /** @description Its name. */
            name: string;
            vector?: components["schemas"]["VectorColumn"] | null;
            text?: components["schemas"]["TextColumn"] | null;
            /** @description The model that turns texts into vectors where none are given. */
            embedding_model?: string | null;
            /** @description Typed attributes by name. */
            attributes: {
                [key: string]: components["schemas"]["AttributeKind"];
            };
            /**
             * Format: int64
             * @description The commit that made it.
             */
            created_commit: number;
            /**
             * Format: int64
             * @description Records in it.
             */
            rows: number;
            /**
             * Format: int64
             * @description Bytes of ids, vectors, text, attributes and metadata of its records.
             */
            logical_bytes: number;
        };
        /** @description What the link in the mail carried. */
        ConfirmEmail: {
            /** @description The parameter `token` of the link. */
            token: string;
        };
        /** @description What shows that the app works. */
        ConfirmTotp: {
            /**
             * @description The six digits that the app shows.
             * @example 123456
             */
            code: string;
        };
        /** @description A key for the data operations that the console uses and nobody sees. */
        ConsoleToken: {
            /** @description For `Authorization: Bearer`. */
            token: string;
            /** Format: date-time */
            expires_at: string;
        };
        /** @description What to count. */
        CountRequest: {
            /**
             * @description Only records for which this expression is true; all when left out.
             * @example page > $1
             */
            filter?: string | null;
            /** @description Values of `$1`, `$2`, … in the filter. */
            params?: unknown[];
        };
        /** @description How many records there are. */
        Counted: {
            /** Format: int64 */
            count: number;
        };
        /**
         * @description What one of a meter's count is.
         * @enum {string}
         */
        CountedIn: "milli_units" | "byte_hours" | "bytes" | "tokens";
        /** @description A key to be made. */
        CreateApiKey: {
            /** @description What its people call it. */
            name: string;
            /** @description The namespaces it reaches: a name, a prefix followed by `*`, or `*`. */
            namespaces: components["schemas"]["NamespacePattern"];
            /** @description What it may do there; `admin` is for operations on the organisation. */
            scopes: components["schemas"]["Scope"][];
            /** @description From where it may be used: addresses and ranges, none twice; from anywhere when there are none. */
            allowed_addresses?: components["schemas"]["AddressRange"][];
            /** @description How fast it may be used. */
            limits?: components["schemas"]["WantedLimits"];
            /**
             * Format: date-time
             * @description Good until then; for ever when absent.
             */
            expires_at?: string | null;
        };
        /** @description Somebody to be invited. */
        CreateInvitation: {
            /**
             * @description Where the mail goes; who accepts must be signed in with this address.
             * @example ada@example.com
             */
            email: string;
            /** @description What the person will be. */
            role: components["schemas"]["Role"];
        };
        /** @description An organisation to be made. */
        CreateOrganization: {
            /** @description What its people call it. */
            name: string;
        };
        /** @description A new API key. */
        CreatedApiKey: components["schemas"]["ApiKey"] & {
            /** @description The whole key, for `Authorization: Bearer`. Shown once: an answer that is repeated has none. */
            secret?: string;
        };
        /**
         * @description A currency that we price in.
         * @enum {string}
         */
        Currency: "USD";
        /** @description A reply of a data operation. */
        DataReply_Answers: {
            /** @description The answers to several queries. */
            result: {
                /** @description In the order of the queries. */
                answers: components["schemas"]["Hits"][];
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_CollectionDeleted: {
            /** @description A collection that is gone. */
            result: {
                /** @description Its name. */
                name: string;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_CollectionList: {
            /** @description The collections of a namespace, by name. At most as many as the edition allows in a namespace. */
            result: {
                collections: components["schemas"]["CollectionView"][];
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_CollectionView: {
            /** @description A collection as it is now. */
            result: {
                /** @description Its name. */
                name: string;
                vector?: components["schemas"]["VectorColumn"] | null;
                text?: components["schemas"]["TextColumn"] | null;
                /** @description The model that turns texts into vectors where none are given. */
                embedding_model?: string | null;
                /** @description Typed attributes by name. */
                attributes: {
                    [key: string]: components["schemas"]["AttributeKind"];
                };
                /**
                 * Format: int64
                 * @description The commit that made it.
                 */
                created_commit: number;
                /**
                 * Format: int64
                 * @description Records in it.
                 */
                rows: number;
                /**
                 * Format: int64
                 * @description Bytes of ids, vectors, text, attributes and metadata of its records.
                 */
                logical_bytes: number;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Counted: {
            /** @description How many records there are. */
            result: {
                /** Format: int64 */
                count: number;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Deleted: {
            /** @description Records that were removed. */
            result: {
                /**
                 * Format: int64
                 * @description How many were there.
                 */
                deleted: number;
                /** @description Whether more may pass the filter: the same request again goes on. */
                more?: boolean | null;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Fetched: {
            /** @description Records that are there, in the order asked for. */
            result: {
                records: components["schemas"]["RecordView"][];
                /** @description Ids that are not there. */
                missing: string[];
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Hits: {
            /** @description The best records, best first. */
            result: {
                hits: components["schemas"]["HitView"][];
                /** @description How the records were ranked, when the request left it open. */
                mode: components["schemas"]["ModeName"];
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Page: {
            /** @description A page of records. */
            result: {
                records: components["schemas"]["RecordView"][];
                /** @description Where the next page begins; null on the last one. */
                next_cursor?: string | null;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Patched: {
            /** @description Records that were changed. */
            result: {
                /**
                 * Format: int64
                 * @description How many.
                 */
                patched: number;
                /**
                 * Format: int64
                 * @description Ids that have no record.
                 */
                missing: number;
                /** @description Of the changes, how many had their vectors computed from their text. */
                embedded: number;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_RecallView: {
            /** @description How good the answers of the index are. */
            result: {
                /**
                 * Format: double
                 * @description The mean share of the nearest records that a query by vector finds, 0 to 1.
                 */
                recall: number;
                /** @description Records that were asked for; none when there is no index to compare. */
                samples: number;
                /** @description Whether queries by vector use an index; without one they look at every record. */
                indexed: boolean;
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description A reply of a data operation. */
        DataReply_Upserted: {
            /** @description Records that were written. */
            result: {
                /** @description How many. */
                upserted: number;
                /** @description Of these, how many vectors were computed from text. */
                embedded: number;
                /**
                 * @description Places in `records` of texts that go on beyond what the model reads: their vectors are those of
                 *     their beginnings, their full text is searchable all the same.
                 */
                truncated?: number[];
            };
            /** @description What the request did and used. */
            receipt: components["schemas"]["Receipt"];
        };
        /** @description The wish to leave, from whoever knows the password. */
        DeleteMe: {
            current_password: string;
        };
        /** @description Records to be removed: by their ids, or by a filter. */
        DeleteRequest: {
            /** @description 1 to 1,000 different ids. One that is not there is no error. */
            ids?: string[] | null;
            /** @description Those that pass at the commit, the first by id. */
            filter?: string | null;
            /** @description Values for `$1`, `$2`, … of the filter. */
            params?: unknown[];
            /** @description How many a filter removes at most: 1 to 1,000, which is the default. */
            limit?: number | null;
            if?: components["schemas"]["WriteCondition"] | null;
        };
        /** @description Records that were removed. */
        Deleted: {
            /**
             * Format: int64
             * @description How many were there.
             */
            deleted: number;
            /** @description Whether more may pass the filter: the same request again goes on. */
            more?: boolean | null;
        };
        /** @description An account that is out of use. */
        DeletedMe: {
            /**
             * Format: date-time
             * @description Logging in before brings it back.
             */
            removed_at: string;
        };
        /**
         * @description What an organisation has subscribed to.
         * @enum {string}
         */
        Edition: "community" | "professional" | "enterprise";
        /** @description What an edition costs and includes, a month. */
        EditionTerms: {
            /** @description Owed whatever is used. */
            base_fee: components["schemas"]["Money"];
            /** @description What happens beyond `included`. */
            beyond_included: components["schemas"]["BeyondIncluded"];
            /** @description Amounts included by meter, before the price's `per.times`; a meter that is absent includes nothing. */
            included: {
                [key: string]: number;
            };
        };
        /**
         * @description Something an edition includes or lacks.
         * @enum {string}
         */
        Feature: "collections" | "embedding";
        /** @description Records to be read. */
        FetchRequest: {
            /** @description 1 to 1,000 different ids. */
            ids: string[];
            /** @description Parts of the records; text, attributes and metadata when left out. */
            include?: components["schemas"]["Part"][] | null;
        };
        /** @description Records that are there, in the order asked for. */
        Fetched: {
            records: components["schemas"]["RecordView"][];
            /** @description Ids that are not there. */
            missing: string[];
        };
        /** @description One field that is wrong. */
        FieldError: {
            /** @description JSON Pointer (RFC 6901) to the value in the body, or the name of a header, path or query parameter. */
            pointer: string;
            /** @description A machine-readable reason such as `wrong_dimension`. */
            code: string;
            /** @description What is wrong and what would be right. */
            detail: string;
        };
        /** @description The second factor of a log-in that waits for it. */
        FinishLogIn: {
            /**
             * @description The six digits that the app shows, or one of the recovery codes.
             * @example 123456
             */
            code: string;
        };
        /** @description Who has forgotten their password. */
        ForgotPassword: {
            /**
             * @description Where the link goes if it is an account's.
             * @example ada@example.com
             */
            email: string;
        };
        /**
         * @description What a row spans.
         * @enum {string}
         */
        Granularity: "hour" | "day";
        /** @description A record that was found. */
        HitView: {
            /** @description Its id. */
            id: string;
            /**
             * Format: float
             * @description Higher is better; comparable within one answer. Vector: cosine similarity, dot product, or
             *     1 / (1 + distance) for Euclidean. Text: BM25. Hybrid: the fused score.
             */
            score: number;
            /**
             * @description What the record's group has in common, when the query is grouped; null for records without a value. Groups
             *     stand in the order of their first records, and the records of a group together.
             */
            group?: unknown;
            /** @description The vector. */
            vector?: number[] | null;
            /** @description The text. */
            text?: string | null;
            /** @description The attributes by name. */
            attributes?: {
                [key: string]: unknown;
            } | null;
            /** @description The metadata. */
            metadata?: unknown;
            score_parts?: components["schemas"]["ScoreParts"] | null;
        };
        /** @description The best records, best first. */
        Hits: {
            hits: components["schemas"]["HitView"][];
            /** @description How the records were ranked, when the request left it open. */
            mode: components["schemas"]["ModeName"];
        };
        /** @description An invitation that waits for an answer, all but its token. */
        Invitation: {
            id: components["schemas"]["InvitationId"];
            /** @description Where the mail went. */
            email: string;
            /** @description What the person will be. */
            role: components["schemas"]["Role"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Good until then.
             */
            expires_at: string;
        };
        InvitationId: string;
        /** @description Invitations, oldest first. */
        InvitationList: {
            items: components["schemas"]["Invitation"][];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description What the running month costs so far. */
        InvoicePreview: {
            /** @description The running month (UTC). */
            period: components["schemas"]["Period"];
            /**
             * Format: date-time
             * @description Everything that was reported until then is contained; reports come every few seconds.
             */
            as_of: string;
            /** @description The edition that it is rated for. */
            edition: components["schemas"]["Edition"];
            /**
             * Format: int32
             * @description The price book that it is rated by.
             */
            price_book_version: number;
            /** @description The base fee, then a line for each price of the book. */
            lines: components["schemas"]["Line"][];
            /** @description The sum of the lines' amounts. */
            total: components["schemas"]["Money"];
            /** @description How amounts are rounded. */
            rounding: string;
        };
        /** @description Limits of one key. Those of its organisation bind beside them, over all keys; what is null is bound by these alone. */
        KeyLimits: {
            /**
             * Format: int32
             * @description Data requests a second, sustained.
             * @default null
             */
            requests_per_second: number | null;
            /**
             * Format: int64
             * @description Query milli-units a second, sustained.
             * @default null
             */
            query_milli_units_per_second: number | null;
            /**
             * Format: int64
             * @description Write milli-units a second, sustained.
             * @default null
             */
            write_milli_units_per_second: number | null;
            /**
             * Format: int32
             * @description Data requests in work at the same moment.
             * @default null
             */
            concurrent_requests: number | null;
        };
        /**
         * @description How words are reduced to terms.
         * @enum {string}
         */
        LanguageName: "en" | "none";
        /** @description How much an organisation may do and have. */
        Limits: {
            /**
             * Format: int32
             * @description Namespaces that exist at once.
             */
            namespaces: number;
            /**
             * Format: int32
             * @description API keys that are valid at once.
             */
            api_keys: number;
            /**
             * Format: int32
             * @description People who belong to the organisation at once. Nodes take no notice of it, and older ones keep policies without.
             */
            members: number;
            /**
             * Format: int32
             * @description Data requests a second, sustained, over all keys.
             */
            requests_per_second: number;
            /**
             * Format: int32
             * @description Data requests that may come at once before the sustained rate binds.
             */
            request_burst: number;
            /**
             * Format: int64
             * @description Query milli-units a second, sustained, over all keys.
             */
            query_milli_units_per_second: number;
            /**
             * Format: int64
             * @description Query milli-units that may come at once before the sustained rate binds; a request that costs more is refused.
             */
            query_milli_units_burst: number;
            /**
             * Format: int64
             * @description Write milli-units a second, sustained, over all keys.
             */
            write_milli_units_per_second: number;
            /**
             * Format: int64
             * @description Write milli-units that may come at once before the sustained rate binds; a request that costs more is refused.
             */
            write_milli_units_burst: number;
            /**
             * Format: int32
             * @description Data requests in work at the same moment.
             */
            concurrent_requests: number;
            /**
             * Format: int32
             * @description How much of a busy node the organisation gets beside others: their parts are as these numbers.
             */
            fair_share: number;
            /**
             * Format: int64
             * @description Logical bytes stored, over all namespaces.
             */
            storage_bytes: number;
            /**
             * Format: int32
             * @description Collections in a namespace.
             */
            collections_per_namespace: number;
            /**
             * Format: int32
             * @description Numbers of the largest vector that a collection may be made for.
             */
            vector_dimension: number;
            /**
             * Format: int32
             * @description Days that a namespace can be read, rewound and branched back to.
             */
            history_days: number;
            /**
             * Format: int32
             * @description Days in which a deleted namespace can be had back. Nodes take no notice of it, and older ones keep policies
             *     without.
             */
            undelete_days: number;
            /**
             * Format: int64
             * @description Query milli-units in a calendar month (UTC) after which queries stop; `None` when usage is charged instead.
             */
            query_milli_units_per_month?: number | null;
            /**
             * Format: int64
             * @description Write milli-units in a calendar month (UTC) after which writes stop; `None` when usage is charged instead.
             */
            write_milli_units_per_month?: number | null;
            /**
             * Format: int64
             * @description Embedding tokens in a calendar month (UTC) after which embedding stops; `None` when usage is charged instead.
             */
            embedding_tokens_per_month?: number | null;
        };
        /** @description A line: one meter, or the base fee. */
        Line: {
            /** @description The meter or operation class; absent on the line of the base fee. */
            meter?: string | null;
            /** @description What the line is for. */
            description: string;
            counted_in?: components["schemas"]["CountedIn"] | null;
            /**
             * Format: int64
             * @description What was used.
             */
            quantity: number;
            /**
             * Format: int64
             * @description How much of it the edition includes.
             */
            included_quantity: number;
            /**
             * Format: int64
             * @description How much of it is charged: what was used beyond the included amount, where the edition charges.
             */
            billable_quantity: number;
            unit_price?: components["schemas"]["Money"] | null;
            per?: components["schemas"]["Per"] | null;
            /** @description `billable_quantity * unit_price / per`, rounded once to the currency's minor unit, half to even. */
            amount: components["schemas"]["Money"];
            /** @description The calculation in words. */
            explanation: string;
        };
        /** @description Who signs in. */
        LogIn: {
            email: string;
            password: string;
        };
        /** @description Who is signed in. */
        Me: {
            user: components["schemas"]["User"];
            /** @description To be sent as `x-csrf-token` with every request but GET. */
            csrf_token: string;
            totp: components["schemas"]["TotpStatus"];
            /** @description Where the person belongs. */
            organizations: components["schemas"]["Membership"][];
        };
        /** @description Somebody who belongs to an organisation. */
        Member: {
            user_id: components["schemas"]["UserId"];
            /** @description Verified, as typed at sign-up. */
            email: string;
            role: components["schemas"]["Role"];
            /**
             * Format: date-time
             * @description When they came to belong to it.
             */
            since: string;
        };
        /** @description Members in the order in which they signed up. */
        MemberList: {
            items: components["schemas"]["Member"][];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description One organisation of a person. */
        Membership: {
            id: components["schemas"]["OrgId"];
            name: string;
            role: components["schemas"]["Role"];
            edition: components["schemas"]["Edition"];
        };
        /**
         * @description What is counted.
         * @enum {string}
         */
        Meter: "query" | "write" | "storage_byte_hours" | "egress_bytes" | "embedding_tokens";
        /** @description A sum over the whole time. */
        MeterTotal: {
            /** @description What was counted. */
            meter: components["schemas"]["Meter"];
            /**
             * Format: int64
             * @description How much.
             */
            quantity: number;
        };
        /**
         * @description How far vectors are apart.
         * @enum {string}
         */
        MetricName: "cosine" | "dot" | "euclidean";
        /** @description Milli-units of work. */
        MilliUnits: {
            /**
             * Format: int64
             * @description On the meter `query`.
             */
            query?: number | null;
            /**
             * Format: int64
             * @description On the meter `write`.
             */
            write?: number | null;
        };
        /**
         * @description What is done about an id that has no record.
         * @enum {string}
         */
        MissingName: "refuse" | "skip";
        /**
         * @description What records are ranked by.
         * @enum {string}
         */
        ModeName: "vector" | "semantic" | "text" | "hybrid";
        /**
         * @description An exact amount: whole micro-units (millionths) of a currency. In JSON `{"amount": "12.345678",
         *     "currency": "USD"}`, the amount a decimal with two to six decimals.
         */
        Money: {
            /**
             * @description Exact decimal text with two to six decimals.
             * @example 12.345678
             */
            amount: string;
            /** @description ISO 4217. */
            currency: components["schemas"]["Currency"];
        };
        /** @description Several queries of one collection. */
        MultiQueryRequest: {
            /** @description 1 to 16 queries. */
            queries: components["schemas"]["QueryRequest"][];
        };
        /**
         * @description What a price's quantity, and the included amounts of the meter, are multiplied by.
         * @enum {string}
         */
        Multiplier: "one" | "hours_of_period";
        /** @description A namespace. */
        Namespace: {
            id: components["schemas"]["NamespaceId"];
            /**
             * Format: int64
             * @description Rises with every change that somebody asks for; in quotation marks it is the namespace's `ETag`.
             */
            version: number;
            /** @description Unique among those that are not deleted. */
            name: string;
            status: components["schemas"]["NamespaceStatus"];
            /** Format: date-time */
            status_changed_at: string;
            /** @description On whose behalf it is suspended, or will be when it is had back. */
            suspended_by: components["schemas"]["Suspension"][];
            labels: {
                [key: string]: string;
            };
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was deleted; null while it is not.
             */
            deleted_at?: string | null;
            /**
             * Format: date-time
             * @description Until then it can be had back; null while it is not deleted.
             */
            purge_after?: string | null;
        };
        NamespaceId: string;
        /** @description Namespaces by name. */
        NamespaceList: {
            items: components["schemas"]["Namespace"][];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /**
         * @description Which namespaces a key reaches: a name, a prefix with one `*` at its end, or `*`.
         * @example support-*
         */
        NamespacePattern: string;
        /**
         * @description Where a namespace is in its life.
         * @enum {string}
         */
        NamespaceStatus: "creating" | "ready" | "suspended" | "deleting" | "purging" | "deleted";
        /** @description A browser in which the person is signed in. */
        OpenSession: {
            id: components["schemas"]["SessionId"];
            /** @description Whether it is the one that asks. */
            current: boolean;
            /** @description The first 200 characters of what it said it is, its `User-Agent`; null when it said nothing. */
            browser?: string | null;
            /** @description Where it was when it was last seen; null when that is not known. */
            last_address?: string | null;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Noted once a minute.
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @description Over at the latest.
             */
            expires_at: string;
        };
        /**
         * @description An order by an attribute. Records with the same value are in the order of their ids; those without a value are
         *     last, whichever the direction.
         */
        OrderRequest: {
            /** @description An attribute of any type but `string_list`. */
            attribute: string;
            /** @description Whether the largest value is first. */
            descending?: boolean;
        };
        OrgId: string;
        /** @description An organisation. */
        Organization: {
            id: components["schemas"]["OrgId"];
            name: string;
            edition: components["schemas"]["Edition"];
            /** Format: date-time */
            created_at: string;
        };
        /** @description What an organisation subscribed to and what that allows. */
        OrganizationEdition: {
            edition: components["schemas"]["Edition"];
            features: components["schemas"]["Feature"][];
            /** @description In force for this organisation. */
            limits: components["schemas"]["Limits"];
        };
        /** @description A page of records. */
        Page: {
            records: components["schemas"]["RecordView"][];
            /** @description Where the next page begins; null on the last one. */
            next_cursor?: string | null;
        };
        /**
         * @description A part of a hit.
         * @enum {string}
         */
        Part: "id" | "text" | "attributes" | "metadata" | "vector" | "score_parts";
        /** @description A change of parts of a record; what is left out stays as it is. */
        PatchInput: {
            /** @description The id of the record. */
            id: string;
            /**
             * @description As many numbers as the collection's dimension. Computed from `text`, if that changes, where the collection names a
             *     model.
             */
            vector?: number[] | null;
            /** @description At most 64 KiB; null removes it. */
            text?: string | null;
            /** @description Values of declared attributes by name; null removes one. */
            attributes?: Record<string, never>;
            /** @description A JSON merge patch (RFC 7396) of the metadata: members are replaced one by one, null removes one. */
            metadata?: unknown;
        };
        /** @description Changes of records. */
        PatchRequest: {
            /** @description 1 to 1,000 changes of different records; all are made or none. */
            patches: components["schemas"]["PatchInput"][];
            /** @description What is done about ids that have no record. */
            missing?: components["schemas"]["MissingName"];
            if?: components["schemas"]["WriteCondition"] | null;
        };
        /** @description Records that were changed. */
        Patched: {
            /**
             * Format: int64
             * @description How many.
             */
            patched: number;
            /**
             * Format: int64
             * @description Ids that have no record.
             */
            missing: number;
            /** @description Of the changes, how many had their vectors computed from their text. */
            embedded: number;
        };
        /** @description How much the price is for. */
        Per: {
            /**
             * Format: int64
             * @description In what the meter is counted in, before `times`.
             */
            quantity: number;
            /** @description What `quantity` and the included amounts are multiplied by. */
            times: components["schemas"]["Multiplier"];
            /** @description The same for people. */
            label: string;
        };
        /** @description A calendar month in UTC: what an invoice is about. */
        Period: {
            /**
             * Format: date-time
             * @description The first moment.
             */
            start: string;
            /**
             * Format: date-time
             * @description The first moment after it.
             */
            end: string;
        };
        /** @description The price of a meter or operation class. */
        Price: {
            /** @description The meter or operation class. */
            meter: string;
            /** @description Its name for people. */
            description: string;
            /** @description What one of its count is. */
            counted_in: components["schemas"]["CountedIn"];
            /** @description The price of `per`. */
            unit_price: components["schemas"]["Money"];
            /** @description How much that price is for. */
            per: components["schemas"]["Per"];
        };
        /**
         * @description A version of all prices. Prices and terms of a book that has been in force are never changed: its end is set, and a new
         *     version follows it.
         */
        PriceBook: {
            /**
             * Format: int32
             * @description Counts the books.
             */
            version: number;
            /** @description Of every amount in it. */
            currency: components["schemas"]["Currency"];
            /**
             * Format: date-time
             * @description In force from this month on.
             */
            valid_from: string;
            /**
             * Format: date-time
             * @description Not any more from this month on; open while absent.
             */
            valid_until?: string | null;
            /** @description By meter or operation class; invoices list them in this order. */
            prices: components["schemas"]["Price"][];
            /** @description By edition. */
            editions: {
                [key: string]: components["schemas"]["EditionTerms"];
            };
        };
        /** @description The wire form, for the description of the API. */
        Problem: {
            /** @description A page that explains the code, relative to the service's address. */
            type: string;
            /** @description One line, the same for every occurrence of the code. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The code to match on. */
            code: string;
            /** @description What happened this time. */
            detail: string;
            /** @description Finds this request in the service's logs. */
            request_id: string;
            /** @description The field that is wrong, the first of them. */
            errors?: components["schemas"]["FieldError"][];
            /** @description What to do next. */
            help: string;
        } & {
            [key: string]: unknown;
        };
        /** @description A namespace as it should be. */
        PutNamespace: {
            /** @description Replace those there were; absent, they stay. */
            labels?: {
                [key: string]: string;
            } | null;
        };
        /** @description A query of one collection. */
        QueryRequest: {
            /** @description As many numbers as the collection's dimension. */
            vector?: number[] | null;
            /** @description Words or a question, at most 64 KiB. */
            text?: string | null;
            mode?: components["schemas"]["ModeName"] | null;
            /**
             * Format: float
             * @description Hybrid alone: the weight of the vector's ranking, 0 to 1. Left out: reciprocal rank fusion.
             */
            alpha?: number | null;
            /**
             * @description Records wanted, 1 to 1,000.
             * @default 10
             */
            top_k?: number | null;
            /**
             * Format: float
             * @description Records farther than this are not found by vector; by their words they still are. Distances are the metric's:
             *     1 - cosine, minus the dot product, or the Euclidean distance.
             */
            max_distance?: number | null;
            /**
             * Format: float
             * @description Leaves out records with a lower score.
             */
            min_score?: number | null;
            /**
             * @description An attribute to group by, of any type but `string_list`: `top_k` is then the number of groups, those with the
             *     best first record. Records without a value are a group, too.
             * @example document
             */
            group_by?: string | null;
            /**
             * @description Records of each group, at least 1; with `top_k` groups at most 1,000 in all.
             * @default 1
             */
            group_size?: number | null;
            /** @description Looks at every record, also where an index would answer faster and nearly as well. */
            exact?: boolean;
            /**
             * @description Only records for which this expression is true.
             * @example lang = $1
             */
            filter?: string | null;
            /** @description Values of `$1`, `$2`, … in the filter. */
            params?: unknown[];
            /** @description Parts of the records; text, attributes and metadata when left out. */
            include?: components["schemas"]["Part"][] | null;
        };
        /** @description What to compare. */
        RecallRequest: {
            /**
             * @description Records whose own vectors are asked for, 1 to 100; 20 when left out.
             * @default 20
             */
            samples?: number | null;
            /**
             * @description Hits of each query, 1 to 100; 10 when left out.
             * @default 10
             */
            top_k?: number | null;
        };
        /** @description How good the answers of the index are. */
        RecallView: {
            /**
             * Format: double
             * @description The mean share of the nearest records that a query by vector finds, 0 to 1.
             */
            recall: number;
            /** @description Records that were asked for; none when there is no index to compare. */
            samples: number;
            /** @description Whether queries by vector use an index; without one they look at every record. */
            indexed: boolean;
        };
        /** @description What a request did and used. */
        Receipt: {
            /** @description The request. */
            request_id: components["schemas"]["RequestId"];
            /**
             * Format: int64
             * @description For a write its commit; for a read the last commit that the answer has seen.
             */
            commit: number;
            /** @description Units counted, by meter. Empty when nothing is counted, as for a repeated request. */
            milli_units: components["schemas"]["MilliUnits"];
            /**
             * Format: int64
             * @description Tokens embedded for this request.
             */
            embedding_tokens?: number;
            /** @description Where the time went. */
            timing_ms: components["schemas"]["Timing"];
            /** @description Where the data were. */
            tier: components["schemas"]["Tier"];
            storage?: components["schemas"]["StorageCalls"] | null;
        };
        /** @description A record to be written. It replaces the whole record of its id. */
        RecordInput: {
            /** @description 1 to 256 characters, unique in the collection. */
            id: string;
            /** @description As many numbers as the collection's dimension. Computed from `text` where the collection names a model. */
            vector?: number[] | null;
            /** @description At most 64 KiB. */
            text?: string | null;
            /** @description Values of declared attributes by name; null is the same as leaving it out. */
            attributes?: Record<string, never>;
            /** @description Any JSON: at most 256 KiB in its compact form, nested at most 16 levels deep. */
            metadata?: unknown;
        };
        /** @description A record as it is answered: its id, and of the rest what was asked for and is there. */
        RecordView: {
            /** @description The record's id. */
            id: string;
            /** @description The vector. */
            vector?: number[] | null;
            /** @description The text. */
            text?: string | null;
            /** @description The attributes by name. */
            attributes?: {
                [key: string]: unknown;
            } | null;
            /** @description The metadata. */
            metadata?: unknown;
            commit?: components["schemas"]["u64"] | null;
        };
        /** @description What signs its person in when the app is lost. Each works once. */
        RecoveryCodeList: {
            /** @description Shown this once. */
            recovery_codes: string[];
        };
        /** @description The wish to be asked for no second factor any more, from whoever knows the password and has the factor. */
        RemoveTotp: {
            current_password: string;
            /**
             * @description The six digits that the app shows, or one of the recovery codes.
             * @example 123456
             */
            code: string;
        };
        /** @description The wish for new recovery codes, from whoever has the factor. */
        ReplaceRecoveryCodes: {
            /**
             * @description The six digits that the app shows, or one of the recovery codes.
             * @example 123456
             */
            code: string;
        };
        RequestId: string;
        /** @description A new password for whoever has the link. */
        ResetPassword: {
            /** @description The parameter `token` of the link. */
            token: string;
            /** @description 10 to 256 characters, not the address, not well known. */
            password: string;
        };
        /**
         * @description What a member may do in an organisation.
         * @enum {string}
         */
        Role: "read_only" | "billing" | "developer" | "admin" | "owner";
        /** @description How a key is to be rotated. */
        RotateApiKey: {
            /**
             * Format: int32
             * @description How long the old key is good beside the new one, in seconds; with 0 it ends at once, as one that is revoked.
             * @default 86400
             */
            overlap_s?: number;
        };
        /** @description A key in the place of another. */
        RotatedApiKey: components["schemas"]["ApiKey"] & {
            /** @description The whole key, for `Authorization: Bearer`. Shown once: an answer that is repeated has none. */
            secret?: string;
            /**
             * Format: date-time
             * @description The old key is good until then.
             */
            replaced_until: string;
        };
        /** @description What to read, page by page. */
        ScanRequest: {
            /**
             * @description Only records for which this expression is true; all when left out.
             * @example page > $1
             */
            filter?: string | null;
            /** @description Values of `$1`, `$2`, … in the filter. */
            params?: unknown[];
            /**
             * @description Records a page, 1 to 1,000; 50 when left out.
             * @default 50
             */
            limit?: number | null;
            order_by?: components["schemas"]["OrderRequest"] | null;
            /** @description `next_cursor` of the page before; the beginning when left out. */
            cursor?: string | null;
            /** @description Parts of the records; text, attributes and metadata when left out. */
            include?: components["schemas"]["Part"][] | null;
        };
        /**
         * @description A verb that a key may be allowed.
         * @enum {string}
         */
        Scope: "read" | "write" | "admin";
        /** @description What a score is made of. What took no part is left out. */
        ScoreParts: {
            /**
             * Format: float
             * @description By the collection's metric; smaller is nearer.
             */
            distance?: number | null;
            /**
             * Format: float
             * @description The full-text score.
             */
            bm25?: number | null;
            /**
             * Format: int32
             * @description The rank among the candidates by vector of a hybrid query, from 1.
             */
            vector_rank?: number | null;
            /**
             * Format: int32
             * @description The rank among the candidates by text of a hybrid query, from 1.
             */
            text_rank?: number | null;
        };
        /**
         * @description What besides the password a person shows.
         * @enum {string}
         */
        SecondFactor: "totp";
        /** @description A signed-in browser. The session itself is in the cookie `adb_session`. */
        Session: {
            user: components["schemas"]["User"];
            /** @description To be sent as `x-csrf-token` with every request but GET. */
            csrf_token: string;
        };
        SessionId: string;
        /** @description The browsers in which the person is signed in, newest first. */
        SessionList: {
            items: components["schemas"]["OpenSession"][];
        };
        /** @description Somebody new. */
        SignUp: {
            /**
             * @description Where the verification mail goes.
             * @example ada@example.com
             */
            email: string;
            /** @description 10 to 256 characters, not the address, not well known. */
            password: string;
            /** @description Of the organisation that is made in the Community edition. */
            organization_name: string;
        };
        /** @description What has been started. */
        Status: {
            /**
             * @description `verification_sent`: if the address can be signed up, a mail with a link is on its way to it. `mail_sent`: if it
             *     can be what was asked for, likewise. `email_changed`: done.
             * @example verification_sent
             */
            status: string;
        };
        /**
         * @description What the object store was asked for on behalf of one request: to open the namespace, where this request was the
         *     first to need it, and to read the records that were asked for or are changed. What is everybody's is not in it,
         *     though the request may have waited for it: the log entry of a write, one PUT of all writes that go together; an
         *     opening or a loading that another request began; rows that come into memory for later requests.
         */
        StorageCalls: {
            /**
             * Format: int64
             * @description Calls of all kinds.
             */
            calls: number;
            /**
             * Format: int64
             * @description Bytes read and written.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Calls of which each could begin only after the one before had ended.
             */
            round_trips: number;
        };
        /**
         * @description On whose behalf a namespace is suspended. There may be several at once; only who suspended it resumes it. What is
         *     told of several is the greatest: what nobody but us can lift comes before what a payment lifts, and that before what
         *     the organisation itself lifts.
         * @enum {string}
         */
        Suspension: "organization" | "standing" | "operator";
        /** @description A text column. */
        TextColumn: {
            /** @description How words are reduced to terms. */
            language?: components["schemas"]["LanguageName"];
        };
        /**
         * @description Where the data were when they were asked for: `hot`, all of them in the memory of the node that owns the namespace;
         *     `warm`, in tables of which the node had cached what was needed; `cold`, in the object store, of which some were read
         *     for this request.
         * @enum {string}
         */
        Tier: "hot" | "warm" | "cold";
        /** @description Milliseconds of a request's life. */
        Timing: {
            /**
             * Format: double
             * @description From admission to reply.
             */
            total: number;
            /**
             * Format: double
             * @description In the engine.
             */
            engine: number;
            /**
             * Format: double
             * @description In the embedding model.
             */
            embed?: number | null;
        };
        /** @description The person's second factor. */
        TotpStatus: {
            /** @description Whether it is asked for at the log-in. */
            enabled: boolean;
            /**
             * Format: int64
             * @description Recovery codes that were not used yet.
             */
            recovery_codes_left: number;
        };
        /** @description How a namespace is had back. */
        UndeleteNamespace: {
            /** @description The name that it is to have, when another namespace has its own by now. Keys reach it by that name. */
            name?: string | null;
        };
        /** @description What of a key is to be changed; what is absent stays. */
        UpdateApiKey: {
            /** @description What its people call it. */
            name?: string;
            /** @description The namespaces it reaches: a name, a prefix followed by `*`, or `*`. */
            namespaces?: components["schemas"]["NamespacePattern"];
            /** @description What it may do there. */
            scopes?: components["schemas"]["Scope"][];
            /** @description From where it may be used, in place of what there was; from anywhere when there are none. */
            allowed_addresses?: components["schemas"]["AddressRange"][];
            /** @description How fast it may be used, in place of what there was. */
            limits?: components["schemas"]["WantedLimits"];
            /**
             * Format: date-time
             * @description Good until then; for ever when null.
             */
            expires_at?: string | null;
        };
        /** @description What is to change. */
        UpdateMember: {
            /** @description What the member may do from now on. */
            role: components["schemas"]["Role"];
        };
        /** @description What of a namespace is to be changed; what is absent stays. */
        UpdateNamespace: {
            /** @description Labels by key: with a text as value set, with null removed; others stay. */
            labels?: {
                [key: string]: string | null;
            };
        };
        /** @description What is to change. */
        UpdateOrganization: {
            /** @description What its people call it. */
            name: string;
        };
        /** @description Records to be written. */
        UpsertRequest: {
            /** @description 1 to 1,000 records with different ids; all are written or none. */
            records: components["schemas"]["RecordInput"][];
            if?: components["schemas"]["WriteCondition"] | null;
        };
        /** @description Records that were written. */
        Upserted: {
            /** @description How many. */
            upserted: number;
            /** @description Of these, how many vectors were computed from text. */
            embedded: number;
            /**
             * @description Places in `records` of texts that go on beyond what the model reads: their vectors are those of
             *     their beginnings, their full text is searchable all the same.
             */
            truncated?: number[];
        };
        /** @description What was used. */
        Usage: {
            /**
             * Format: date-time
             * @description The first hour that is contained.
             */
            from: string;
            /**
             * Format: date-time
             * @description The first hour that is not.
             */
            to: string;
            /** @description What a row spans. */
            granularity: components["schemas"]["Granularity"];
            /** @description In the order of hour, meter, namespace and key; what was not used has no row. */
            rows: components["schemas"]["UsageRow"][];
            /** @description Sums by meter over the whole time, whatever the page. */
            totals: components["schemas"]["MeterTotal"][];
            /** @description Where the next page begins; absent on the last one. */
            next_cursor?: string | null;
        };
        /** @description A sum. */
        UsageRow: {
            /**
             * Format: date-time
             * @description The start of the hour or day.
             */
            hour: string;
            /** @description What was counted. */
            meter: components["schemas"]["Meter"];
            key_id?: components["schemas"]["ApiKeyId"] | null;
            namespace_id?: components["schemas"]["NamespaceId"] | null;
            /**
             * Format: int64
             * @description How much, in what the meter is counted in: milli-units, byte-hours, bytes or tokens.
             */
            quantity: number;
        };
        /** @description A person. */
        User: {
            id: components["schemas"]["UserId"];
            /** @description As typed. */
            email: string;
            /** Format: date-time */
            created_at: string;
        };
        UserId: string;
        /** @description A vector column. */
        VectorColumn: {
            /**
             * Format: int32
             * @description Numbers a vector, 1 to 4,096.
             */
            dimension: number;
            /** @description How far vectors are apart. */
            metric?: components["schemas"]["MetricName"];
        };
        /** @description What the link in the mail carried. */
        Verification: {
            /** @description The parameter `token` of the link. */
            token: string;
            /** @description The password chosen at sign-up; not needed in the browser that signed up. */
            password?: string | null;
        };
        /** @description A log-in that waits for the second factor. What tells it from others is in the cookie `adb_challenge`. */
        WaitingLogIn: {
            /** @description What is asked for. */
            second_factor: components["schemas"]["SecondFactor"];
            /**
             * Format: date-time
             * @description Until when.
             */
            expires_at: string;
        };
        /**
         * @description How fast a key may be used: below what its organisation may, which binds over all keys. What is left out or null is
         *     bound by that alone.
         */
        WantedLimits: {
            /**
             * Format: int32
             * @description Data requests a second, sustained. At once come as many more as for the organisation, in proportion.
             */
            requests_per_second?: number | null;
            /**
             * Format: int64
             * @description Query milli-units a second, sustained.
             */
            query_milli_units_per_second?: number | null;
            /**
             * Format: int64
             * @description Write milli-units a second, sustained.
             */
            write_milli_units_per_second?: number | null;
            /**
             * Format: int32
             * @description Data requests in work at the same moment.
             */
            concurrent_requests?: number | null;
        };
        /**
         * @description What must be true of every record that the request names, at its commit. Otherwise nothing is done, and the answer is
         *     a 412 with the commit of the record.
         */
        WriteCondition: "absent" | "present" | {
            /**
             * Format: int64
             * @description Its last write was at this commit, as a fetch tells it, or the receipt of a write under a condition.
             */
            commit: number;
        } | {
            /** @description It is there and passes this filter. */
            filter: string;
        };
        /** Format: int64 */
        u64: number;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_captured_mail: {
        parameters: {
            query: {
                /** @description The address it was sent to. */
                email: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At most 50 messages */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapturedMail"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmEmail"];
            };
        };
        responses: {
            /** @description The account has the address */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogIn"];
            };
        };
        responses: {
            /** @description Signed in; the session is in the cookie */
            200: {
                headers: {
                    /** @description `adb_session` */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description The second factor is asked for; what waits is in the cookie */
            202: {
                headers: {
                    /** @description `adb_challenge` */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaitingLogIn"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `login_failed` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forgot_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgotPassword"];
            };
        };
        responses: {
            /** @description If the address has an account, a mail is on its way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPassword"];
            };
        };
        responses: {
            /** @description Signed in; the session is in the cookie */
            200: {
                headers: {
                    /** @description `adb_session` */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description The second factor is asked for; what waits is in the cookie */
            202: {
                headers: {
                    /** @description `adb_challenge` */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaitingLogIn"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignUp"];
            };
        };
        responses: {
            /** @description A mail is on its way */
            202: {
                headers: {
                    /** @description `adb_signup` */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finish_log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinishLogIn"];
            };
        };
        responses: {
            /** @description Signed in; the session is in the cookie */
            200: {
                headers: {
                    /** @description `adb_session`; `adb_challenge` is taken away */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `login_failed` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Verification"];
            };
        };
        responses: {
            /** @description Signed in; the session is in the cookie */
            200: {
                headers: {
                    /** @description `adb_session`; `adb_signup` is taken away */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person, their second factor, their organisations and the CSRF token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteMe"];
            };
        };
        responses: {
            /** @description Out of use; signed out */
            202: {
                headers: {
                    /** @description `adb_session` is taken away */
                    "set-cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedMe"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeEmail"];
            };
        };
        responses: {
            /** @description A mail is on its way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accept_invitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptInvitation"];
            };
        };
        responses: {
            /** @description The organisation that the person now belongs to */
            200: {
                headers: {
                    /** @description `true` on an answer that was given before */
                    "idempotency-replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` or `idempotency_conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Changed; this session goes on */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_other_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                session: components["schemas"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BeginTotp"];
            };
        };
        responses: {
            /** @description To be given to an app and confirmed */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunTotp"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RemoveTotp"];
            };
        };
        responses: {
            /** @description It is asked for no more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmTotp"];
            };
        };
        responses: {
            /** @description It is asked for from now on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodeList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_recovery_codes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplaceRecoveryCodes"];
            };
        };
        responses: {
            /** @description The new ones */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodeList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_collections: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_CollectionList"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_collection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_CollectionView"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_collection: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description 1 to 128 of `A-Z a-z 0-9 . _ -`, first a letter or digit */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CollectionSchema"];
            };
        };
        responses: {
            /** @description It was there */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_CollectionView"];
                };
            };
            /** @description It was made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_CollectionView"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_collection: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_CollectionDeleted"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    count_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CountRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Counted"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_records: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Deleted"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fetch_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FetchRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Fetched"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    multi_query_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MultiQueryRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Answers"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_records: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Patched"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    query_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Hits"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    probe_recall: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecallRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_RecallView"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    scan_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScanRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Page"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upsert_records: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The namespace's name */
                namespace: string;
                /** @description The collection's name */
                collection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpsertRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataReply_Upserted"];
                };
            };
            /** @description The request is not valid; `errors` names the fields. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid API key. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An invoice is unpaid. */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key's scope or the edition does not allow it, or the namespace is suspended. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such namespace or collection for this key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It conflicts with what exists, or the idempotency key was used for another request. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A condition does not hold; `current_commit` is that of the record as it is. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content type is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too fast, too much at once, or the month's included amount is used; see `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect of the service. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment; see `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_organization: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateOrganization"];
            };
        };
        responses: {
            /** @description The organisation */
            201: {
                headers: {
                    /** @description `true` on an answer that was given before */
                    "idempotency-replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` or `idempotency_conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_organization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organisation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_organization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateOrganization"];
            };
        };
        responses: {
            /** @description The organisation as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_api_keys: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 200. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of keys */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours; the repeated answer has no secret */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApiKey"];
            };
        };
        responses: {
            /** @description The key and its secret */
            201: {
                headers: {
                    /** @description `true` on an answer that was given before */
                    "idempotency-replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedApiKey"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The key */
                key: components["schemas"]["ApiKeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The key */
                key: components["schemas"]["ApiKeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only when the key has this version, as `ETag` told it */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The key */
                key: components["schemas"]["ApiKeyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateApiKey"];
            };
        };
        responses: {
            /** @description The key as it is now */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_failed` */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours; the repeated answer has no secret */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The key */
                key: components["schemas"]["ApiKeyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateApiKey"];
            };
        };
        responses: {
            /** @description The new key and its secret */
            201: {
                headers: {
                    /** @description `true` on an answer that was given before */
                    "idempotency-replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotatedApiKey"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` or `idempotency_conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_events: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 200. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /** @description An action, such as `api_key.create`, or all on one kind of thing, such as `api_key.*`. */
                action?: string;
                /** @description By whom: an identifier, or the e-mail address or name of that time. */
                actor?: string;
                /** @description To what: an identifier, or the name of that time. */
                target?: string;
                /** @description How it ended. */
                outcome?: "done" | "refused";
                /** @description The first moment that is contained. */
                from?: string;
                /** @description The first moment after `from` that is not. */
                to?: string;
            };
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEventList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The event */
                event: components["schemas"]["AuditEventId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEvent"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview_invoice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation. */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The preview. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvoicePreview"];
                };
            };
            /** @description No valid credential. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key lacks the scope `admin`, or reaches only a part of the organisation's namespaces. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such organisation, or not the caller's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request failed for a reason that is not the caller's. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_price_book: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation. */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The price book. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceBook"];
                };
            };
            /** @description No valid credential. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key lacks the scope `admin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such organisation, or not the caller's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request failed for a reason that is not the caller's. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_console_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsoleToken"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_edition: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Edition, features, limits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationEdition"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_invitations: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 200. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of invitations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_invitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable for 24 hours */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateInvitation"];
            };
        };
        responses: {
            /** @description A mail is on its way */
            201: {
                headers: {
                    /** @description `true` on an answer that was given before */
                    "idempotency-replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` or `idempotency_conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The invitation */
                invitation: components["schemas"]["InvitationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_members: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 200. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of members */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The person */
                user: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The person */
                user: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateMember"];
            };
        };
        responses: {
            /** @description The member as they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_namespaces: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 200. */
                limit?: number;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /** @description Those that are there in their lives; absent, those that are not deleted. */
                status?: "creating" | "ready" | "suspended" | "deleting" | "purging" | "deleted";
                /** @description Those that have the label `key`, or `key=value`. */
                label?: string;
            };
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of namespaces */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceList"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The namespace */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutNamespace"];
            };
        };
        responses: {
            /** @description It was there */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description It is made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_namespace: {
        parameters: {
            query?: {
                /** @description Remove the data of a namespace that is deleted already, without waiting for the end of its grace */
                purge?: boolean;
                /** @description With `purge`: the namespace's name, typed */
                confirm?: string;
            };
            header?: {
                /** @description Only when it has this version, as `ETag` told it */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_failed` */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_namespace: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only when it has this version, as `ETag` told it */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateNamespace"];
            };
        };
        responses: {
            /** @description The namespace as it is now */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_failed` */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not suspended */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `standing_unpaid` */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    suspend_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is suspended */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `standing_unpaid` */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undelete_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The organisation */
                org: components["schemas"]["OrgId"];
                /** @description The namespace's name: 1 to 128 of `A-Za-z0-9._-`. Or its id, which also tells deleted ones of one name apart */
                ns: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UndeleteNamespace"];
            };
        };
        responses: {
            /** @description It is back */
            200: {
                headers: {
                    /** @description Its version */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description `invalid_request` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` or `csrf_failed` or `limit_exceeded` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_usage: {
        parameters: {
            query?: {
                /** @description Hours that begin at this time or later, from 1970 to 9999. Default: the start of the running month (UTC). */
                from?: string;
                /** @description Hours that begin before this time, from 1970 to 9999. Default: the end of the running month (UTC). */
                to?: string;
                /** @description What a row spans. */
                granularity?: "hour" | "day";
                /**
                 * @description Any of `meter`, `key`, `namespace`, separated by commas: what rows are kept apart by. Meters, being counted in
                 *     different units, are always kept apart.
                 */
                group_by?: string;
                /** @description This meter alone. */
                meter?: "query" | "write" | "storage_byte_hours" | "egress_bytes" | "embedding_tokens";
                /** @description This key's usage alone. */
                key_id?: components["schemas"]["ApiKeyId"];
                /** @description This namespace's usage alone. */
                namespace_id?: components["schemas"]["NamespaceId"];
                /** @description Rows in the answer, at most 5000. */
                limit?: number;
                /** @description `next_cursor` of the answer before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The organisation. */
                org: components["schemas"]["OrgId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            /** @description A parameter breaks its rules. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No valid credential. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key lacks the scope `admin`, or reaches only a part of the organisation's namespaces. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such organisation, or not the caller's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come again. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request failed for a reason that is not the caller's. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not available at this moment. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
