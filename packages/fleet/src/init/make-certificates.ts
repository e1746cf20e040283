import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
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
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
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
} from "@peculiar/asn1-x509";

/** PEM texts of a server's certificate, its key, and the authority that signed it. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Names and addresses by which clients call the server. */
  readonly hosts: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Makes an authority and one server certificate signed by it (RFC 5280), both P-256. The authority's key is forgotten: it
 * signs this once, and a key that nobody has cannot be stolen.
 */
export function makeCertificates({ hosts, notBefore, notAfter }: CertificateOptions): Certificates {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = { name: "churnlab fleet authority", key: authority.privateKey };
  const validity = new Validity({ notBefore, notAfter });
  const authorityId = keyIdentifier(authority.publicKey);
  const ca = issue(issuer, {
    name: issuer.name,
    publicKey: authority.publicKey,
    validity,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign)),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(authorityId), false),
    ],
  });
  const certificate = issue(issuer, {
    name: "churnlab fleet server",
    publicKey: server.publicKey,
    validity,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature)),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]), false),
      extension(
        id_ce_subjectAltName,
        new SubjectAlternativeName(hosts.map((host) => new GeneralName(nameHost(host)))),
        false,
      ),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(authorityId) }),
        false,
      ),
    ],
  });
  const key = server.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { ca, certificate, key };
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Extension[];
}

/** ecdsa-with-SHA256, RFC 5758 §3.2. */
const SIGNATURE = "1.2.840.10045.4.3.2";
const SERIAL_BYTES = 16;

/** A signed certificate as PEM. */
function issue(issuer: { readonly name: string; readonly key: KeyObject }, to: Subject): string {
  const signature = new AlgorithmIdentifier({ algorithm: SIGNATURE });
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial.readUInt8(0) & 0x3f) | 0x40; // positive, and no leading zero (RFC 5280 §4.1.2.2)
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serial),
    signature,
    issuer: commonName(issuer.name),
    subject: commonName(to.name),
    validity: to.validity,
    subjectPublicKeyInfo: publicKeyInfo(to.publicKey),
    extensions: new Extensions([...to.extensions]),
  });
  const signed = sign("sha256", Buffer.from(AsnConvert.serialize(tbsCertificate)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: bufferOf(signed),
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function extension(id: string, value: object, critical = true): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID: id, critical, extnValue });
}

function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  const attribute = new AttributeTypeAndValue({ type: "2.5.4.3", value });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

function nameHost(host: string): Partial<GeneralName> {
  return isIP(host) === 0 ? { dNSName: host } : { iPAddress: host };
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(key.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo);
}

/** RFC 7093 §2, method 1. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const bits = publicKeyInfo(key).subjectPublicKey;
  return bufferOf(createHash("sha256").update(Buffer.from(bits)).digest().subarray(0, 20));
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
