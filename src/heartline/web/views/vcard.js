/** The names, phone numbers and addresses in a vCard (RFC 6350, and 2.1 as phones still write it). */

/** @returns {{name: string, phones: string[], emails: string[]}[]} one for each card in the text */
export function readVcard(text) {
  const people = [];
  let person = null;
  const unfolded = text.replace(/\r?\n[ \t]/g, "").replace(/=\r?\n/g, "");
  for (const line of unfolded.split(/\r?\n/)) {
    const at = line.indexOf(":");
    if (at < 0) continue;
    const [name, ...parameters] = line.slice(0, at).toUpperCase().split(";");
    const value = decoded(line.slice(at + 1), parameters);
    switch (name.split(".").at(-1)) {
      case "BEGIN":
        person = { name: "", phones: [], emails: [] };
        people.push(person);
        break;
      case "FN":
        if (person) person.name = value;
        break;
      case "N":
        if (person) person.name ||= value.split(";").slice(0, 2).reverse().filter(Boolean).join(" ");
        break;
      case "TEL":
        person?.phones.push(value.replace(/^tel:/i, ""));
        break;
      case "EMAIL":
        person?.emails.push(value);
        break;
    }
  }
  return people;
}

function decoded(value, parameters) {
  if (!parameters.some((parameter) => parameter.endsWith("QUOTED-PRINTABLE"))) {
    return value.replace(/\\([,;\\])/g, "$1").replace(/\\n/gi, " ").trim();
  }
  const bytes = [];
  for (const [part, hex] of value.matchAll(/=([0-9A-F]{2})|[^=]|=/gi)) {
    if (hex) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes)).trim();
}
