/** The most characters of an organisation's name; the service checks it again. */
export const NAME_MAX = 100;
