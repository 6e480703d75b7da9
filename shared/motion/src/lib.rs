//! The avatar step, the same on server and in the browser.
