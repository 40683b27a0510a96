"use strict";
// Judges sealed records without a network and without the company: the rules are those of shared/proof.py and server/seals/bundle.py.
const leakfirst = (() => {
  const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;
  const GENESIS = "0".repeat(64);
  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

  function unhex(text) {
    if (typeof text !== "string" || text.length % 2 || !/^[0-9a-f]*$/.test(text)) return null;
    return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  function canonical(value) {
    if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
    if (value && typeof value === "object") {
      return "{" + Object.keys(value).sort().map((k) => JSON.stringify(k) + ":" + canonical(value[k])).join(",") + "}";
    }
    return JSON.stringify(value);
  }

  // One spelling for one value: doubled keys, blanks, other escapes or numbers with a point are alterations.
  function parse(text) {
    try {
      const value = JSON.parse(text);
      return canonical(value) === text ? value : null;
    } catch {
      return null;
    }
  }

  const decode = (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  };

  async function verify(alg, publicKey, signature, message) {
    const key = unhex(publicKey), signed = unhex(signature);
    if (!key || !signed || signed.length !== 64) return false;
    try {
      if (alg === "Ed25519" && key.length === 32) {
        const held = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
        return await crypto.subtle.verify({ name: "Ed25519" }, held, signed, message);
      }
      if (alg !== "P-256" || key.length !== 65 || BigInt("0x" + hex(signed.slice(32))) > HALF_ORDER) return false;
      const kind = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
      const held = await crypto.subtle.importKey("raw", key, kind, false, ["verify"]);
      return await crypto.subtle.verify(kind, held, signed, message);
    } catch (error) {
      if (error && error.name === "NotSupportedError") throw error;
      return false;
    }
  }

  const keyIdOf = async (publicKey) => {
    const bytes = unhex(publicKey);
    return bytes ? (await sha256(bytes)).slice(0, 16) : "no key";
  };
  const noteBytes = (note) => utf8(`leakfirst-note-1\n${note.alg}\n${note.key_id}\n${note.body}`);
  const fieldsOf = (note) => {
    const found = parse(note.body);
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  };
  const same = (a, b) => canonical(a) === canonical(b);

  function concat(...parts) {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  async function noteHash(note) {
    return sha256(concat(noteBytes(note), utf8(note.signature)));
  }

  async function isSignedBy(note, key) {
    if (note.alg !== key.alg || note.key_id !== (await keyIdOf(key.public_key))) return false;
    return verify(key.alg, key.public_key, note.signature, noteBytes(note));
  }

  async function findCertified(note, subject, subjectId, issuers, branchId) {
    const issuer = issuers[note.key_id], told = fieldsOf(note);
    if (!issuer || !(await isSignedBy(note, issuer))) return null;
    const wanted = { kind: "certificate", subject, subject_id: subjectId, branch_id: branchId };
    if (Object.keys(wanted).some((name) => told[name] !== wanted[name])) return null;
    if (told.key_id !== (await keyIdOf(String(told.public_key)))) return null;
    return { alg: String(told.alg), public_key: String(told.public_key), key_id: told.key_id };
  }

  async function certifiedBranches(notes, branchId, root) {
    const issuers = { [await keyIdOf(root.public_key)]: root }, found = {};
    for (const note of notes) {
      const key = await findCertified(note, "branch", branchId, issuers, branchId);
      if (key) found[key.key_id] = key;
    }
    return found;
  }

  const SHAPE = {
    format: "s", record_id: "s", branch_id: "s", device_id: "s", kind: "s", record: "s", strokes: "a", relation: "s",
    opinion: "s", at_ms: "n", seal: "seal", counter: "note", device_certificate: "note", branch_certificates: "notes",
  };
  const NOTE = { body: "s", alg: "s", key_id: "s", signature: "s" };
  const SEAL = {
    alg: "s", key_id: "s", chain_seq: "n", previous_hash: "s", content_hash: "s", seal_hash: "s", signature: "s",
  };
  const FITS = {
    s: (v) => typeof v === "string",
    n: Number.isSafeInteger,
    a: (v) => Array.isArray(v) && v.every((stroke) => stroke && Array.isArray(stroke.points)),
    note: (v) => fits(v, NOTE),
    notes: (v) => Array.isArray(v) && v.every((note) => fits(note, NOTE)),
    seal: (v) => fits(v, SEAL),
  };
  // `signature` of a seal has a default and may stand empty; everything else must be there, and nothing besides.
  function fits(value, shape) {
    if (!value || typeof value !== "object" || Array.isArray(value)) return false;
    const keys = Object.keys(shape);
    return Object.keys(value).length === keys.length && keys.every((k) => k in value && FITS[shape[k]](value[k]));
  }

  async function contentHash(proof) {
    const strokes = JSON.stringify(proof.strokes.map((stroke) => stroke.points));
    const parts = [];
    for (const text of [proof.record, strokes, proof.relation, proof.opinion]) {
      const bytes = utf8(text), length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(bytes.length));
      parts.push(length, bytes);
    }
    return sha256(concat(...parts));
  }

  async function sealProblems(proof, key) {
    const seal = proof.seal, content = await contentHash(proof);
    const strokes = JSON.stringify(proof.strokes.map((stroke) => stroke.points));
    const sealed = canonical({
      at_ms: proof.at_ms, chain_seq: seal.chain_seq, content_hash: content, device_id: proof.device_id,
      previous_hash: seal.previous_hash, strokes_hash: await sha256(utf8(strokes)),
    });
    const message = utf8(`leakfirst-seal-1\n${canonical({ alg: seal.alg, key_id: seal.key_id })}\n${sealed}`);
    const problems = [];
    if (!["Ed25519", "P-256"].includes(seal.alg)) problems.push("algorithm_unknown");
    if (seal.content_hash !== content) problems.push("content_changed");
    if (seal.seal_hash !== (await sha256(message))) problems.push("seal_changed");
    if (!(await verify(key.alg, key.public_key, seal.signature, message))) problems.push("signature_wrong");
    return problems;
  }

  async function counterFits(proof) {
    const told = fieldsOf(proof.counter);
    return same(told, {
      kind: "counter_seal", branch_id: proof.branch_id, chain_seq: told.chain_seq ?? 0,
      previous_hash: told.previous_hash ?? "", record_id: proof.record_id, record_kind: proof.kind,
      device_id: proof.device_id, seal_hash: proof.seal.seal_hash,
      signature_hash: await sha256(utf8(proof.seal.signature)), received_ms: told.received_ms ?? 0,
      problems: Array.isArray(told.problems) ? told.problems : [],
    });
  }

  async function judgeProof(proof, root) {
    if (!fits(proof, SHAPE) || proof.format !== "leakfirst-record-1" || !["signed", "waived"].includes(proof.kind)) {
      return ["unreadable"];
    }
    const branches = await certifiedBranches(proof.branch_certificates, proof.branch_id, root);
    const device = await findCertified(proof.device_certificate, "device", proof.device_id, branches, proof.branch_id);
    const counterKey = branches[proof.counter.key_id];
    const needed = [proof.counter.key_id, proof.device_certificate.key_id];
    const ids = proof.branch_certificates.map((note) => String(fieldsOf(note).key_id ?? ""));
    const checks = [
      ["branch_key_unproved", Object.keys(branches).length === proof.branch_certificates.length && !!counterKey],
      ["certificate_unneeded", ids.every((id) => needed.includes(id))],
      ["certificates_unsorted", same(ids, [...new Set(ids)].sort())],
      ["device_key_unproved", !!device && device.key_id === proof.seal.key_id],
      ["device_key_other_alg", !device || device.alg === proof.seal.alg],
      ["counter_seal_wrong", !!counterKey && (await isSignedBy(proof.counter, counterKey))],
      ["counter_seal_of_other_record", await counterFits(proof)],
      ["record_had_problems", same(fieldsOf(proof.counter).problems ?? null, [])],
    ];
    const found = checks.filter(([, right]) => !right).map(([code]) => code);
    return device ? [...found, ...(await sealProblems(proof, device))] : found;
  }

  async function judgeSigned(signed, root) {
    if (!signed || !fits(signed.note, NOTE) || !fits(signed.branch_certificate, NOTE) || Object.keys(signed).length !== 4) {
      return ["unreadable"];
    }
    const keys = await certifiedBranches([signed.branch_certificate], signed.branch_id, root);
    const key = keys[signed.note.key_id], told = fieldsOf(signed.note);
    const wanted = { "leakfirst-heads-1": "heads", "leakfirst-issued-1": "issued" }[signed.format];
    const problems = [];
    if (!key) problems.push("branch_key_unproved");
    if (!key || !(await isSignedBy(signed.note, key))) problems.push("statement_wrong");
    if (told.branch_id !== signed.branch_id || told.kind !== wanted) problems.push("statement_of_other_branch");
    return problems;
  }

  async function judgeBundle(bundle, root) {
    if (!Array.isArray(bundle.records) || Object.keys(bundle).length !== 4) return ["unreadable"];
    const problems = await judgeSigned(bundle.heads, root);
    if (problems.includes("unreadable")) return problems;
    const told = fieldsOf(bundle.heads.note), devices = {};
    let seq = 0, link = GENESIS;
    for (const [i, item] of bundle.records.entries()) {
      const own = await judgeProof(item, root);
      problems.push(...own.map((code) => `${code}#${i + 1}`));
      if (own.includes("unreadable")) continue;
      const fields = fieldsOf(item.counter);
      if (fields.chain_seq !== seq + 1 || fields.previous_hash !== link) problems.push(`out_of_order#${i + 1}`);
      seq += 1;
      link = await noteHash(item.counter);
      (devices[item.device_id] ??= []).push(item.seal);
    }
    const whole = told.branch_id === bundle.branch_id && bundle.heads.branch_id === bundle.branch_id;
    if (!whole || told.kind !== "heads" || !same(told.counter ?? null, [seq, link])) problems.push("chain_cut");
    for (const id of [...new Set([...Object.keys(devices), ...Object.keys(told.devices ?? {})])].sort()) {
      if (isCut(devices[id] ?? [], (told.devices ?? {})[id])) problems.push(`device_chain_cut ${id}`);
    }
    return problems;
  }

  function isCut(seals, head) {
    let seq = 0, link = GENESIS;
    for (const seal of [...seals].sort((a, b) => a.chain_seq - b.chain_seq)) {
      if (seal.chain_seq !== seq + 1 || seal.previous_hash !== link) return true;
      seq = seal.chain_seq;
      link = seal.seal_hash;
    }
    return !same(head ?? null, [seq, link]);
  }

  // The attachment of a PDF: one, packed with Flate, its length told in front of it.
  async function attachments(bytes) {
    const text = latin1(bytes), found = [];
    for (const match of text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)) {
      const from = match.index + match[0].length, end = text.indexOf("endstream", from);
      let begin = text.indexOf("stream\n", from);
      const head = text.slice(text.lastIndexOf("obj", match.index), begin);
      const length = /\/Length\s+(\d+)/.exec(head);
      if (end < 0 || begin < 0 || begin > end || !length) return [];
      begin += "stream\n".length;
      found.push(await inflate(bytes.slice(begin, begin + Number(length[1]))));
    }
    return found;
  }

  function latin1(bytes) {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return text;
  }

  async function inflate(packed) {
    try {
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    } catch {
      return new Uint8Array();
    }
  }

  const isCertified = (text, size) => {
    const ranges = [...text.matchAll(/\/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)];
    return ranges.length === 1 && Number(ranges[0][2]) + Number(ranges[0][3]) === size;
  };

  async function judgeRecord(bytes, root) {
    const text = decode(bytes), value = text === null ? null : parse(text);
    if (!value) return { problems: ["unreadable"] };
    if (value.format === "leakfirst-records-1") return { problems: await judgeBundle(value, root), bundle: value };
    if (value.format === "leakfirst-heads-1" || value.format === "leakfirst-issued-1") {
      return { problems: await judgeSigned(value, root), signed: value };
    }
    return { problems: await judgeProof(value, root), proof: value };
  }

  // `known` is the list of issued files: {files: Set, atMs}, or null when nobody has given one.
  async function judgePdf(bytes, root, known) {
    const inner = await attachments(bytes), text = latin1(bytes);
    const problems = [];
    if (inner.length === 0) problems.push("no_attachment");
    if (inner.length > 1) problems.push("several_attachments");
    const found = inner.length === 1 ? await judgeRecord(inner[0], root) : { problems: [] };
    if (!/\/ByteRange\b/.test(text)) problems.push("not_certified");
    else if (!isCertified(text, bytes.length)) problems.push("not_whole_file");
    const digest = await sha256(bytes);
    const isNewer = found.proof && found.problems.length === 0 && known &&
      fieldsOf(found.proof.counter).received_ms > known.atMs;
    let notes = [];
    if (!known || (isNewer && !known.files.has(digest))) notes = ["file_unchecked"];
    else if (!known.files.has(digest)) problems.push("file_not_issued");
    return { ...found, problems: [...found.problems, ...problems], notes };
  }

  async function judgeFiles(files, root, lists) {
    const judged = [];
    let known = null;
    const learn = (signed) => {
      const told = fieldsOf(signed.note);
      known = { files: new Set([...(known ? known.files : []), ...(told.files ?? [])]), atMs: told.at_ms };
    };
    for (const list of lists) if ((await judgeSigned(list, root)).length === 0) learn(list);
    const heads = files.map((file) => latin1(file.bytes.subarray(0, 5)));
    for (const [i, file] of files.entries()) {
      if (heads[i] === "%PDF-" || !looksLikeJson(file.bytes)) continue;
      const found = await judgeRecord(file.bytes, root);
      if (found.signed && found.signed.format === "leakfirst-issued-1" && !found.problems.length) learn(found.signed);
      judged[i] = found;
    }
    for (const [i, file] of files.entries()) {
      if (heads[i] === "%PDF-") judged[i] = await judgePdf(file.bytes, root, known);
    }
    const photos = new Set(judged.filter((j) => j && j.proof && !j.problems.length).flatMap((j) => photosOf(j.proof)));
    for (const [i, file] of files.entries()) {
      if (judged[i]) continue;
      const digest = await sha256(file.bytes);
      judged[i] = { problems: isPicture(file.bytes) ? (photos.has(digest) ? [] : ["photo_unknown"]) : ["unreadable"] };
    }
    markForks(judged);
    return Promise.all(judged.map(async (found, i) => ({ name: files[i].name, notes: [], ...found, ...(await told(found)) })));
  }

  // Two different records may not claim one place in a phone's chain.
  function markForks(judged) {
    const places = {};
    for (const found of judged) {
      if (!found.proof || found.problems.length) continue;
      const place = `${found.proof.device_id} ${found.proof.seal.chain_seq}`;
      if ((places[place] ??= found.proof.seal.seal_hash) !== found.proof.seal.seal_hash) found.problems.push("chain_forked");
    }
  }

  const looksLikeJson = (bytes) => bytes[0] === 0x7b;
  const isPicture = (b) => (b[0] === 0xff && b[1] === 0xd8) || (b[0] === 0x89 && b[1] === 0x50) || (b[0] === 0x52 && b[1] === 0x49);
  const photosOf = (proof) => ((parse(proof.record) || {}).photos || []).map((photo) => photo.sha256);

  async function told(found) {
    if (!found.proof) return {};
    const record = parse(found.proof.record) || {};
    return { code: await viewCode(found.proof.record), number: record.number, lines: record.lines || [] };
  }

  async function viewCode(record) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(record)));
    let bits = 0n;
    for (const byte of bytes.slice(0, 5)) bits = (bits << 8n) | BigInt(byte);
    const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    return Array.from({ length: 8 }, (_, i) => letters[Number((bits >> BigInt(35 - 5 * i)) & 31n)]).join("");
  }

  return { judgeFiles, viewCode };
})();
