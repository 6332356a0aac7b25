using System.Formats.Asn1;
using Certctl.Application.Est.CsrAttributes;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Domain.Profiles.Expectations;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>
/// CsrAttrs: a list of what a request should have, each by its OID or as an attribute with the value that is wanted, and behind it the
/// template that clients of RFC 9908 go by.
/// </summary>
public sealed class CsrAttributesWriter : ICsrAttributesWriter
{
    public byte[] Write(RequestExpectations expectations, CsrAttributesForm form)
    {
        var wantsChallenge = form.WantsChallenge || expectations.WantsChallenge;
        var writer = new AsnWriter(AsnEncodingRules.DER, 512);
        using (writer.PushSequence())
        {
            // RFC 7030 §4.5.2: with the OID where identity and proof of possession are to be linked.
            if (wantsChallenge)
                writer.WriteObjectIdentifier(EstOid.ChallengePassword);
            foreach (var key in expectations.Keys)
                WriteKey(writer, key);
            foreach (var type in expectations.SubjectTypes)
                writer.WriteObjectIdentifier(type);
            foreach (var other in expectations.Others)
                writer.WriteObjectIdentifier(other);

            // An Extension has a value, and this one's is the client's to choose: RFC 9908 §3.2 leaves only the OID.
            if (expectations.WantsSubjectAltName)
                writer.WriteObjectIdentifier(EstOid.SubjectAltName);
            WriteAttribute(writer, EstOid.ExtensionRequest, values => WriteExtensions(values, expectations));
            foreach (var key in expectations.Keys)
                WriteSignature(writer, key);
            if (form.HasTemplate)
                WriteAttribute(writer, EstOid.RequestTemplate, values => RequestTemplate.Write(values, expectations, wantsChallenge));
        }

        return writer.Encode();
    }

    internal static void WriteAttribute(AsnWriter writer, string type, Action<AsnWriter> writeValue)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(type);
            using (writer.PushSetOf())
                writeValue(writer);
        }
    }

    // RFC 9908 §3.2: one Extensions, each extension once, with its value.
    internal static void WriteExtensions(AsnWriter writer, RequestExpectations expectations)
    {
        using (writer.PushSequence())
            WriteFixedExtensions(writer, expectations);
    }

    /// <summary>Those whose values are the profile's.</summary>
    internal static void WriteFixedExtensions(AsnWriter writer, RequestExpectations expectations)
    {
        if (expectations.KeyUsage != KeyUsages.None)
        {
            // RFC 5280 §4.2.1.3: conforming CAs mark it critical.
            WriteExtension(writer, EstOid.KeyUsage, critical: true, value =>
                value.WriteNamedBitList(expectations.KeyUsage));
        }

        WriteExtension(writer, EstOid.ExtendedKeyUsage, expectations.ExtendedKeyUsageIsCritical, value =>
        {
            using (value.PushSequence())
            {
                foreach (var usage in expectations.ExtendedKeyUsages)
                    value.WriteObjectIdentifier(usage);
            }
        });
    }

    private static void WriteExtension(AsnWriter writer, string oid, bool critical, Action<AsnWriter> writeValue)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (critical)
                writer.WriteBoolean(true);
            using (writer.PushOctetString())
                writeValue(writer);
        }
    }

    // RFC 7030 §4.5.2: where a kind of key is needed, its curve or size says which. Ed25519 has nothing to choose.
    private static void WriteKey(AsnWriter writer, KeyExpectation key)
    {
        switch (key.Algorithm)
        {
            case KeyAlgorithm.Rsa:
                WriteAttribute(writer, EstOid.RsaEncryption, values => values.WriteInteger(key.Bits));
                return;
            case KeyAlgorithm.Ecdsa:
                WriteAttribute(writer, EstOid.EcPublicKey, values => values.WriteObjectIdentifier(key.CurveOid!));
                return;
            case KeyAlgorithm.Ed25519:
                writer.WriteObjectIdentifier(EstOid.Ed25519);
                return;
            default:
                throw new ArgumentOutOfRangeException(nameof(key));
        }
    }

    // A digest as strong as the key; for Ed25519 the OID of the key says it all.
    private static void WriteSignature(AsnWriter writer, KeyExpectation key)
    {
        var oid = (key.Algorithm, key.Bits) switch
        {
            (KeyAlgorithm.Rsa, _) => "1.2.840.113549.1.1.11",
            (KeyAlgorithm.Ecdsa, 256) => "1.2.840.10045.4.3.2",
            (KeyAlgorithm.Ecdsa, 384) => "1.2.840.10045.4.3.3",
            (KeyAlgorithm.Ecdsa, _) => "1.2.840.10045.4.3.4",
            _ => null,
        };
        if (oid is not null)
            writer.WriteObjectIdentifier(oid);
    }
}
