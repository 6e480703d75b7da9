/** Small pictures on buttons, drawn with the colour of the text; the button carries the name. */

const PATHS = {
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 8.5c.3-3.6 3-6 6.5-6s6.2 2.4 6.5 6M16 4.4a3.3 3.3 0 0 1 0 6.2M18 13.9c2 .8 3.3 2.7 3.5 5.1",
  help: "M9.2 9.1a2.9 2.9 0 1 1 4.3 2.6c-.9.5-1.5 1.1-1.5 2.3M12 17.3v.2M12 21.2a9.2 9.2 0 1 0 0-18.4 9.2 9.2 0 0 0 0 18.4Z",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6ZM8.5 19.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6Z",
  chat: "M4 5.5h16a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8.5L7 20.5v-4H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1ZM7.5 9.5h9M7.5 12.8h6",
  emotes:
    "M12 21.2a9.2 9.2 0 1 0 0-18.4 9.2 9.2 0 0 0 0 18.4ZM8 14.2c1 1.6 2.4 2.4 4 2.4s3-.8 4-2.4M8.8 9.3v.4M15.2 9.3v.4",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-7-5 15-3.5-6.5L4 12ZM11.5 13.5L20 5",
  jump: "M12 4v11M7 9l5-5 5 5M6 20h12",
  shuffle:
    "M3 7h3.5c5 0 5.5 10 10.5 10h3.5M3 17h3.5c1.7 0 2.9-1.2 3.8-2.8M13.8 9.8C14.6 8.2 15.6 7 17 7h3.5M18 4.5L20.8 7 18 9.5M18 14.5l2.8 2.5-2.8 2.5",
  arrow: "M5 12h14M13 6l6 6-6 6",
  check: "M5 12.5l4.5 4.5L19 7.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
