/** Where to send the first run. */
export function StartPage() {
  return <p className="p-4">Send OTLP to {window.location.origin}.</p>;
}
