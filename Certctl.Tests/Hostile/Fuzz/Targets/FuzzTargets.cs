namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>Every decoder that reads what a stranger sent. A new one is a line here and a method in one of the classes named.</summary>
internal static class FuzzTargets
{
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        // What the rest is made of.
        new("ber", Seeds.Ber, Asn1Targets.Normalise),
        new("der", Seeds.Ber, Asn1Targets.Descend),

        // What stands in certificates and requests.
        new("name", Seeds.Names, X509Targets.Name),
        new("general-names", Seeds.GeneralNames, X509Targets.GeneralNames),
        new("public-key", Seeds.PublicKeys, X509Targets.PublicKey),
        new("certificate", Seeds.Certificates, X509Targets.Certificate),
        new("csr", Seeds.Requests, X509Targets.Request),

        // What a device sends.
        new("attributes", Seeds.Attributes, ScepTargets.Attributes),
        new("signed-data", Seeds.Messages, ScepTargets.Message),
        new("raw-csr", Seeds.ClearRequests, ScepTargets.ClearRequest),
        new("signer-certificate", Seeds.SignerCertificates, ScepTargets.SignerCertificate),
        new("signed-attributes", Seeds.AttributeLists, ScepTargets.SignedAttributes),
        new("enveloped-data", Seeds.Envelopes, ScepTargets.Envelope),
        new("issuer-and-serial", Seeds.IssuersAndSerials, ScepTargets.IssuerAndSerial),
        new("client-certificate", Seeds.ClientCertificates, X509Targets.ClientCertificate) { Allocation = (256, 1024 * 1024) },
        new("query", Seeds.Queries, ScepTargets.Query) { Words = Seeds.QueryWords },

        new("est-body", EstTargets.Bodies, EstTargets.Body) { Words = EstTargets.Words },
        new("server-key-request", EstTargets.KeyRequests, EstTargets.KeyRequest),

        // What a relying party asks.
        new("ocsp-request", OcspTargets.Seeds, OcspTargets.Read),
        // What a relying party asks for.
        new("publication-target", Seeds.PublicationTargets, PublicationTargets.Target) { Words = Seeds.PublicationWords },

        // What a device brings from its management.
        new("signed-challenge", Seeds.SignedChallenges, ChallengeTargets.Token) { Words = Seeds.ChallengeWords },
        new("signed-claims", Seeds.SignedClaims, ChallengeTargets.Claims) { Words = Seeds.ClaimWords },

        // What a server sends to our client; the platform reads most of it.
        new("capabilities", Seeds.Capabilities, ClientTargets.Capabilities) { Words = Seeds.CapabilityWords },
        new("ca-certificates", Seeds.CaCertificates, ClientTargets.CaCertificates) { Allocation = (256, 1024 * 1024) },
        new("next-ca", Seeds.Bags, ClientTargets.NextCa) { Allocation = (256, 1024 * 1024) },
        new("cert-rep", Seeds.CertReps, ClientTargets.CertRep) { Allocation = (256, 1024 * 1024) },
        new("cert-rep-envelope", Seeds.CertRepEnvelopes, ClientTargets.Envelope) { Allocation = (256, 1024 * 1024) },
        new("agreed-envelope", Seeds.AgreedEnvelopes, ClientTargets.AgreedEnvelope),
        new("est-answer", EstAnswerTargets.Seeds, EstAnswerTargets.Read)
        {
            Allocation = (256, 1024 * 1024), Words = EstAnswerTargets.Words,
        },
        new("crl", StatusTargets.Crls, StatusTargets.Crl) { Allocation = (256, 1024 * 1024) },
        new("ocsp-answer", StatusTargets.Answers, StatusTargets.Answer) { Allocation = (256, 1024 * 1024) },
    ];
}
