using System.Formats.Asn1;
using System.Numerics;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles.Expectations;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>
/// CertificationRequestInfoTemplate (RFC 9908 §3.4): a CertificationRequestInfo in which what the client is to fill in has no value.
/// </summary>
internal static class RequestTemplate
{
    private static readonly Asn1Tag PublicKey = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Attributes = new(TagClass.ContextSpecific, 1);

    public static void Write(AsnWriter writer, RequestExpectations expectations, bool wantsChallenge)
    {
        using (writer.PushSequence())
        {
            // RFC 9908 §3.4: version MUST be v1 (0).
            writer.WriteInteger(0);
            WriteSubject(writer, expectations.SubjectTypes);

            // A template has room for one key: of several that the profile accepts, the one that it names first.
            WriteKey(writer, expectations.Keys[0]);
            using (writer.PushSetOf(Attributes))
            {
                if (wantsChallenge)
                    WriteBlank(writer, EstOid.ChallengePassword);
                foreach (var text in expectations.Others.Where(IsText))
                    WriteBlank(writer, text);
                WriteExtensions(writer, expectations);
            }
        }
    }

    // RFC 9908 §3.4: absent unless something is asked of it; an attribute without value is the client's to fill in.
    private static void WriteSubject(AsnWriter writer, IReadOnlyList<string> types)
    {
        if (types.Count == 0)
            return;
        using (writer.PushSequence())
        {
            foreach (var type in types)
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                    writer.WriteObjectIdentifier(type);
            }
        }
    }

    private static void WriteKey(AsnWriter writer, KeyExpectation key)
    {
        using (writer.PushSequence(PublicKey))
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(key.Algorithm switch
                {
                    KeyAlgorithm.Rsa => EstOid.RsaEncryption,
                    KeyAlgorithm.Ecdsa => EstOid.EcPublicKey,
                    _ => EstOid.Ed25519,
                });
                if (key.Algorithm == KeyAlgorithm.Rsa)
                    writer.WriteNull();
                else if (key.CurveOid is { } curve)
                    writer.WriteObjectIdentifier(curve);
            }

            // RFC 9908 §3.4: a placeholder of the wanted length for RSA, else absent.
            if (key.Algorithm == KeyAlgorithm.Rsa)
                writer.WriteBitString(Placeholder(key.Bits));
        }
    }

    // No key of anyone: a power of two and one.
    private static byte[] Placeholder(int bits)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, (bits / 8) + 32);
        using (writer.PushSequence())
        {
            writer.WriteInteger(BigInteger.One + (BigInteger.One << (bits - 1)));
            writer.WriteInteger(65537);
        }

        return writer.Encode();
    }

    // The types of these attributes are strings, and a SET of values has one at least: the empty one is the client's to replace.
    private static bool IsText(string oid) => oid is EstOid.UnstructuredName or EstOid.UnstructuredAddress;

    private static void WriteBlank(AsnWriter writer, string type) =>
        CsrAttributesWriter.WriteAttribute(writer, type, values => values.WriteCharacterString(UniversalTagNumber.PrintableString, ""));

    // RFC 9908 §3.4: extensionRequest where every value is given, extensionReqTemplate where the client fills one in; never both.
    private static void WriteExtensions(AsnWriter writer, RequestExpectations expectations)
    {
        var open = expectations.Others.Where(oid => !IsText(oid)).ToList();
        if (expectations.WantsSubjectAltName)
            open.Insert(0, EstOid.SubjectAltName);
        CsrAttributesWriter.WriteAttribute(
            writer, open.Count == 0 ? EstOid.ExtensionRequest : EstOid.ExtensionTemplate, values =>
            {
                using (values.PushSequence())
                {
                    foreach (var oid in open)
                    {
                        using (values.PushSequence())
                            values.WriteObjectIdentifier(oid);
                    }

                    CsrAttributesWriter.WriteFixedExtensions(values, expectations);
                }
            });
    }
}
