/** A small picture of a companion in its colours: the long ears, the leaves and the stone of all. */
import type { Look } from "../making";

export function Portrait({ look, size = 44 }: { look: Look; size?: number }) {
  const { body, accent } = look;
  return (
    <svg
      class="mind-portrait"
      viewBox="0 0 64 64"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <circle class="mind-portrait-back" cx="32" cy="32" r="31" />
      <path fill={accent} d="M32 15c-2-7-8-9-13-8 1 6 6 9 13 8ZM32 15c2-7 8-9 13-8-1 6-6 9-13 8Z" />
      <path
        fill={body}
        d="M17 26C9 22 5 15 6 9c6 2 12 7 16 13ZM47 26c8-4 12-11 11-17-6 2-12 7-16 13Z"
      />
      <path fill={body} d="M14 63c0-11 7-17 18-17s18 6 18 17a31 31 0 0 1-36 0Z" />
      <ellipse fill={body} cx="32" cy="30" rx="18" ry="16" />
      <ellipse fill="#fff" opacity="0.22" cx="26" cy="23" rx="9" ry="6" />
      <path
        d="M14 62.500c0-3 .5-5.500 1.500-7.700M50 62.500c0-3-.5-5.500-1.500-7.700"
        stroke="#000"
        stroke-opacity="0.14"
        fill="none"
      />
      <circle fill={accent} cx="32" cy="56" r="4.500" />
      <g fill="#1d2733">
        <ellipse cx="25" cy="31" rx="2.400" ry="3.200" />
        <ellipse cx="39" cy="31" rx="2.400" ry="3.200" />
      </g>
      <path
        d="M28 38c2.400 2 5.600 2 8 0"
        stroke="#1d2733"
        stroke-width="1.800"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}
