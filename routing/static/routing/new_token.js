// Whoever loads this page again gets the list: the form would be sent once more, and issue a second token.
history.replaceState(null, "", location.pathname.replace(/add\/$/, ""));
