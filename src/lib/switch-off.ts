/** What a full-screen program may have left switched on: other screen, hidden cursor, mouse, pasting, keyboard protocol. */
export const switchOff =
  '\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[<u\u001b[0m';
