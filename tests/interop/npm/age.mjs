// Seals and opens files with the npm package age-encryption:
//
//   node age.mjs new                          prints a new post-quantum identity and its recipient
//   node age.mjs seal RECIPIENT FILE...       writes FILE.age beside each FILE
//   node age.mjs open IDENTITY-FILE FILE...   writes FILE.plain beside each FILE, or names those it refuses

import { readFile, writeFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";
import { argv, stdout } from "node:process";

// Node.js 18, which is Debian 12's, has no such global yet; the package is loaded after it is there.
globalThis.crypto ??= webcrypto;
const age = await import("age-encryption");

async function generate() {
  const identity = await age.generateHybridIdentity();
  stdout.write(`${identity}\n${await age.identityToRecipient(identity)}\n`);
}

async function seal(recipient, ...files) {
  const encrypter = new age.Encrypter();
  encrypter.addRecipient(recipient);
  for (const file of files) {
    await writeFile(`${file}.age`, await encrypter.encrypt(await readFile(file)));
  }
}

async function open(identityFile, ...files) {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity((await readFile(identityFile, "utf8")).trim());
  for (const file of files) {
    try {
      await writeFile(`${file}.plain`, await decrypter.decrypt(await readFile(file)));
    } catch (error) {
      stdout.write(`refused ${file}: ${error.message}\n`);
    }
  }
}

const [command, ...words] = argv.slice(2);
await { new: generate, seal, open }[command](...words);
