import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
} from "@peculiar/asn1-x509";

/** What a loopback server proves itself with, as PEM, and whom clients have to trust for it. */
export interface Certificates {
  /** The authority's certificate: for NODE_EXTRA_CA_CERTS. It signs nothing else; its key is never kept. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** A throw-away certificate lives no longer than anybody plays. */
const VALID_MS = 7 * DAY_MS;
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";

/**
 * Makes an authority and, signed by it, a certificate for loopback: `127.0.0.1`, `::1` and `localhost`. Two
 * of them, because many clients take no certificate that signed itself for an authority.
 *
 * @param serial random bytes in hex, at most twenty: RFC 5280, 4.1.2.2
 */
export function makeCertificates(now: Date, serial: string): Certificates {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = nameOf(`Holdfast sandbox ${serial}`);
  // Strict clients (Python's) want both ends of the chain to name the authority's key; any unique bytes do.
  const keyId = bytesOf(Buffer.from(serial, "hex"));
  const ca = signed(authority.privateKey, {
    issuer,
    subject: issuer,
    subjectKey: authority.publicKey,
    serial: `01${serial}`,
    now,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign)),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId)),
    ],
  });
  const certificate = signed(authority.privateKey, {
    issuer,
    subject: nameOf("localhost"),
    subjectKey: server.publicKey,
    serial: `02${serial}`,
    now,
    extensions: [
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature)),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(keyId) }),
      ),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(
        id_ce_subjectAltName,
        new SubjectAlternativeName([
          new GeneralName({ iPAddress: "127.0.0.1" }),
          new GeneralName({ iPAddress: "::1" }),
          new GeneralName({ dNSName: "localhost" }),
        ]),
      ),
    ],
  });
  const key = server.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { ca, certificate, key };
}

interface Signing {
  readonly issuer: Name;
  readonly subject: Name;
  readonly subjectKey: KeyObject;
  readonly serial: string;
  readonly now: Date;
  readonly extensions: Extension[];
}

/** RFC 5280, 4.1: what is to be signed, by which algorithm, and the signature over its DER. */
function signed(by: KeyObject, of: Signing): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const spki = createPublicKey(of.subjectKey.export({ type: "spki", format: "pem" })).export({
    type: "spki",
    format: "der",
  });
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: bytesOf(Buffer.from(of.serial, "hex")),
    signature: algorithm,
    issuer: of.issuer,
    subject: of.subject,
    validity: new Validity({
      // Clocks of one machine's containers may differ a little.
      notBefore: new Date(of.now.getTime() - DAY_MS),
      notAfter: new Date(of.now.getTime() + VALID_MS),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: new Extensions(of.extensions),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(tbs)), by);
  const der = AsnConvert.serialize(
    new Certificate({
      tbsCertificate: tbs,
      signatureAlgorithm: algorithm,
      signatureValue: bytesOf(signature),
    }),
  );
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function nameOf(text: string): Name {
  return new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: text }) }),
    ]),
  ]);
}

function extension(id: string, value: unknown): Extension {
  return new Extension({
    extnID: id,
    critical: id === id_ce_basicConstraints || id === id_ce_keyUsage,
    extnValue: new OctetString(AsnConvert.serialize(value)),
  });
}

/** A buffer of its own: Node's small ones are pieces of a shared one. */
function bytesOf(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}
