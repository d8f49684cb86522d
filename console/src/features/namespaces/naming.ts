/** Names that people choose: 1 to 128 of these characters, as the API has it. */
const NAME = /^[A-Za-z0-9._-]{1,128}$/;

export const isName = (text: string): boolean => NAME.test(text);
