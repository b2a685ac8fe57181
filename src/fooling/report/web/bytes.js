// Returns the bytes that fooling.report.bundle.encode_bytes wrote as letters.
export function readBytes(letters) {
  return Uint8Array.from(atob(letters.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}
