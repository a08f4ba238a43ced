package ui

// The hidden fields that every page and kernel/web agree on.
const (
	FieldCSRF         = "csrf"          // binds the form to the browser
	FieldFormID       = "form_id"       // the submission id: a form is done once, however often it is sent
	FieldConfirmToken = "confirm_token" // answers the confirmation of a serious operation
	FieldConfirmTyped = "confirm"       // what the actor typed to confirm it
	FieldReason       = "reason"        // the actor's reason, for the audit entry
)
