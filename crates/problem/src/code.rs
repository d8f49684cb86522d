use http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal, $help:literal;)+) => {
        /// The registry of public error codes. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code, in the order of the registry.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The text clients match on.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status that goes with the code.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// One line for a person, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What to do next.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

codes! {
    /// The request cannot be understood, or a value breaks its rules; `errors` names the first wrong field.
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request is not valid",
        "Correct the field named in `errors` and send the request again.";
    /// The filter expression cannot be understood or does not fit the schema.
    InvalidFilter = "invalid_filter", BAD_REQUEST, "The filter is not valid",
        "Correct the expression; declared attributes, `id` and `metadata.<path>` can be compared with parameters $1, $2, ….";
    /// No credential, or one that is malformed, unknown, expired or revoked.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "No valid credential",
        "Send `Authorization: Bearer <api key>` with a key that is not revoked or expired, or sign in.";
    /// E-mail and password do not fit, or the address is not verified.
    LoginFailed = "login_failed", UNAUTHORIZED, "Signing in failed",
        "Check the e-mail address and the password, and that the address has been verified.";
    /// The organisation must pay before it can go on.
    StandingUnpaid = "standing_unpaid", PAYMENT_REQUIRED, "An invoice is unpaid",
        "Settle the invoice named in `detail`.";
    /// A spend cap is used up.
    CapReached = "cap_reached", PAYMENT_REQUIRED, "A spend cap is reached",
        "Raise the cap named in `detail`, or wait for the next period.";
    /// Known to the caller, but its scope, role or address rule does not allow the operation.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed",
        "Use a key with the scope, or an account with the role, that `detail` names.";
    /// The `x-csrf-token` header is missing or wrong.
    CsrfFailed = "csrf_failed", FORBIDDEN, "The CSRF token is missing or wrong",
        "Read `csrf_token` from GET /v1/me and send it in the `x-csrf-token` header.";
    /// The edition does not include the feature.
    FeatureNotInEdition = "feature_not_in_edition", FORBIDDEN, "The edition does not include this feature",
        "Change to an edition that includes the feature.";
    /// A limit on how much may exist is reached.
    LimitExceeded = "limit_exceeded", FORBIDDEN, "A limit is reached",
        "Remove what is not needed, or change to an edition with a higher limit.";
    /// Nothing there, or nothing the caller may know of.
    NotFound = "not_found", NOT_FOUND, "Not found",
        "Check the name and that the credential belongs to the organisation that owns it.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here",
        "Use one of the methods in the `Allow` header.";
    /// Something with this name exists and differs.
    Conflict = "conflict", CONFLICT, "It conflicts with what exists",
        "Choose another name, or change what exists.";
    /// The idempotency key was used for a different request, or the first one is still running.
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "The idempotency key is taken",
        "Use a new `Idempotency-Key` for a new request, and the same body for a repeated one.";
    /// The condition of the request does not hold.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The condition does not hold",
        "Read the current version and try again.";
    /// The body, or a part of it, is larger than the limit.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "Too large",
        "Split the request into smaller ones; `detail` names the limit.";
    /// The content type is not one the operation reads.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The content type is not supported",
        "Send `content-type: application/json`.";
    /// Too many requests in a short time, or too many at once.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests",
        "Wait for the seconds given in `Retry-After`.";
    /// The amount that the edition includes in a month is used.
    IncludedAmountUsed = "included_amount_used", TOO_MANY_REQUESTS, "The month's included amount is used",
        "Upgrade the edition, or wait until the month turns.";
    /// A defect of ours; the request id finds it in our logs.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side",
        "Try again; if it stays, contact support with the `request_id`.";
    /// Not to be had at this moment: no owner, draining, no lease, a part is down.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available at this moment",
        "Try again after the seconds given in `Retry-After`.";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_stands_once_in_the_registry() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}
