/** The least length the service takes; it checks it again. */
export const PASSWORD_MIN = 10;
