using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Infrastructure.Issuers.LocalCa.DeviceRequests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>What a profile's content rules make of real requests, as openssl reads the certificates.</summary>
public sealed class ProfileContentTests
{
    private const string Guid = "0f8fad5b-d9cb-469f-a165-70867728950e";

    private static readonly byte[] Ntds = OtherName(SubjectAltName.NtdsReplicationOid, Der.Tlv(0x04, new Guid(Guid).ToByteArray()));
    private static readonly byte[] Utf8Mailbox = OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "jürgen@corp.example"));
    private static readonly byte[] Module = OtherName(
        SubjectAltName.HardwareModuleNameOid, Der.Sequence(Der.Oid("1.3.6.1.4.1.99999.1"), Der.Tlv(0x04, [0x0A, 0xFF])));
    private static readonly byte[] Directory = Der.Tlv(0xA4, Subject(("2.5.4.10", "Corp"), (CommonName, "other")));
    private static readonly byte[] Registered = Der.Tlv(0x88, Der.Oid("1.3.6.1.4.1.99999")[2..]);

    [Fact]
    public void Extended_key_usages_are_granted_by_name_and_by_OID()
    {
        var text = With(ContentRules.Default, "clientAuth", "smartcardLogon", "ipsecIKE", "1.3.6.1.5.2.3.5", "1.3.6.1.4.1.99999.7")
            .Certify(Csr()).Text();
        Assert.Contains(
            "X509v3 Extended Key Usage: \n                TLS Web Client Authentication, Microsoft Smartcard Login, "
                + "ipsec Internet Key Exchange, Signing KDC Response, 1.3.6.1.4.1.99999.7\n",
            text, StringComparison.Ordinal);
        Assert.Contains(
            "Any Extended Key Usage\n", With(ContentRules.Default, "anyExtendedKeyUsage").Certify(Csr()).Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Extended_key_usage_is_critical_where_the_profile_says_so()
    {
        // RFC 3161 §2.3 wants that of a time stamping authority.
        var text = With(new() { ExtendedKeyUsageIsCritical = true }, "timeStamping").Certify(Csr()).Text();
        Assert.Contains("X509v3 Extended Key Usage: critical\n                Time Stamping\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rsa", "digitalSignature", "Digital Signature", 7)]
    [InlineData("rsa", "keyEncipherment,dataEncipherment,digitalSignature", "Digital Signature, Key Encipherment, Data Encipherment", 4)]
    [InlineData("ec", "digitalSignature,keyAgreement", "Digital Signature, Key Agreement", 3)]
    [InlineData("ec", "keyAgreement,decipherOnly", "Key Agreement, Decipher Only", 7)]
    [InlineData("ec", "keyAgreement,encipherOnly", "Key Agreement, Encipher Only", 0)]
    [InlineData("rsa", "contentCommitment,digitalSignature", "Digital Signature, Non Repudiation", 6)]
    [Trait("Conformance", "P-14")]
    public void Key_usage_is_what_the_profile_chose(string key, string chosen, string usage, int unused)
    {
        var profile = new CertificateProfile
        {
            Id = "fleet",
            Name = "Fleet",
            AllowedKeyAlgorithms = [key == "rsa" ? new(KeyAlgorithm.Rsa, 2048) : new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["1.3.6.1.5.5.7.3.17"],
            Content = new() { KeyUsage = chosen.Split(',') },
        };
        var issued = profile.Certify(Csr(key: key == "rsa" ? TestCa.Key("rsa") : null));
        Assert.Contains($"X509v3 Key Usage: critical\n                {usage}\n", issued.Text(), StringComparison.Ordinal);

        // X.690 §11.2.2: no trailing zero bits, no superfluous octet.
        using var certificate = issued.Certificate();
        byte[] bits = certificate.Extension("2.5.29.15", critical: true);
        Assert.Equal((unused, usage.EndsWith("Decipher Only", StringComparison.Ordinal) ? 5 : 4), (bits[2], bits.Length));
    }

    [Fact]
    public void Of_the_chosen_key_usages_a_key_gets_those_that_its_kind_can_have()
    {
        var profile = With(new() { KeyUsage = ["digitalSignature", "keyEncipherment", "keyAgreement"] });
        Assert.Contains(
            "critical\n                Digital Signature, Key Encipherment\n",
            profile.Certify(Csr(key: TestCa.Key("rsa"))).Text(),
            StringComparison.Ordinal);
        Assert.Contains(
            "critical\n                Digital Signature, Key Agreement\n", profile.Certify(Csr()).Text(), StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string, string> Kinds() => new()
    {
        { "ntdsReplication", Ntds, $"NTDS:{Guid}", "othername: 1.3.6.1.4.1.311.25.1::<unsupported>" },
        { "smtpUtf8Mailbox", Utf8Mailbox, "SmtpUTF8Mailbox:jürgen@corp.example", "othername: SmtpUTF8Mailbox::j" },
        { "hardwareModuleName", Module, "HWModule:1.3.6.1.4.1.99999.1:0aff", "othername: 1.3.6.1.5.5.7.8.4::<unsupported>" },
        { "directoryName", Directory, "DirName:CN=other,O=Corp", "DirName:/O=Corp/CN=other" },
        { "registeredId", Registered, "RID:1.3.6.1.4.1.99999", "Registered ID:1.3.6.1.4.1.99999" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_of_alternative_name_is_certified_where_the_profile_permits_it_alone(
        string kind, byte[] name, string shown, string openssl)
    {
        var csr = Csr(sans: [Der.Text(0x82, "d.example"), name]);
        Assert.Equal(["DNS:d.example", shown], csr.SubjectAltNames.Select(san => san.ToString()));
        Assert.Contains(
            "additional_san_kinds",
            With(ContentRules.Default).Denied(FailureReason.SubjectAltNameNotAllowed, csr),
            StringComparison.Ordinal);

        foreach (var other in Kinds().Select(row => (string)row[0]).Where(other => other != kind))
            With(new() { AdditionalSanKinds = [other] }).Denied(FailureReason.SubjectAltNameNotAllowed, csr);

        var issued = With(new() { AdditionalSanKinds = [kind] }).Certify(csr);
        Assert.Contains(openssl, issued.Text(), StringComparison.Ordinal);
        using var certificate = issued.Certificate();
        Assert.Equal(Der.Sequence(Der.Text(0x82, "d.example"), name), certificate.Extension("2.5.29.17", critical: false));
    }

    public static TheoryData<string, byte[]> Defective() => new()
    {
        { "an objectGUID of 15 octets", OtherName(SubjectAltName.NtdsReplicationOid, Der.Tlv(0x04, new byte[15])) },
        { "an objectGUID that is text", OtherName(SubjectAltName.NtdsReplicationOid, Der.Text(0x0C, Guid)) },
        { "an objectGUID and more", OtherName(SubjectAltName.NtdsReplicationOid, [.. Der.Tlv(0x04, new byte[16]), 0x05, 0x00]) },
        { "a mailbox in ASCII", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "eve@corp.example")) },
        { "a mailbox with a U-label", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "jürgen@bücher.example")) },
        { "a mailbox with two at", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "ü@corp.example@evil.example")) },
        { "a mailbox with a blank", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "jürgen m@corp.example")) },
        {
            "a mailbox that turns the reading direction",
            OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "ü\u202e@corp.example"))
        },
        { "a mailbox with NUL", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "ü\0@corp.example")) },
        { "a mailbox in another string type", OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x1E, "ü@corp.example")) },
        {
            "a mailbox of 65 characters",
            OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, new string('ü', 65) + "@corp.example"))
        },
        { "a module without serial number", OtherName(SubjectAltName.HardwareModuleNameOid, Der.Sequence(Der.Oid("1.2.3"))) },
        {
            "a module with an empty serial number",
            OtherName(SubjectAltName.HardwareModuleNameOid, Der.Sequence(Der.Oid("1.2.3"), Der.Tlv(0x04, [])))
        },
        {
            "a module with 65 octets",
            OtherName(SubjectAltName.HardwareModuleNameOid, Der.Sequence(Der.Oid("1.2.3"), Der.Tlv(0x04, new byte[65])))
        },
        { "another otherName", OtherName("1.3.6.1.5.2.2", Der.Text(0x0C, "x")) },
        { "the objectSid that only a CA may vouch for", OtherName("1.3.6.1.4.1.311.25.2.1", Der.Text(0x04, "S-1-5-21-1-2-3-500")) },
        { "an empty directoryName", Der.Tlv(0xA4, Der.Sequence()) },
        { "a directoryName with a blank CN", Der.Tlv(0xA4, Subject((CommonName, ""))) },
        { "a directoryName with a long CN", Der.Tlv(0xA4, Subject((CommonName, new string('x', 65)))) },
        { "a directoryName with an escape sequence", Der.Tlv(0xA4, Subject((CommonName, "\u001b[31m"))) },
        { "a registered ID that is none", Der.Tlv(0x88, [0x80, 0x01]) },
        { "an ediPartyName", Der.Tlv(0xA5, Der.Text(0x0C, "x")) },
        { "an x400Address", Der.Tlv(0xA3, Der.Text(0x0C, "x")) },
    };

    [Theory]
    [MemberData(nameof(Defective))]
    [Trait("Conformance", "R-14")]
    public void A_permitted_kind_does_not_make_a_defective_name_good(string what, byte[] name)
    {
        var everything = With(new() { AdditionalSanKinds = [.. Kinds().Select(row => (string)row[0])] });
        var failure = Assert.IsType<Approval.Denied>(everything.Approve(Csr(sans: [name]), Requests.Year, Requests.Now)).Failure;
        Assert.True(failure.Reason == FailureReason.SubjectAltNameNotAllowed, $"{what}: {failure}");
    }

    [Fact]
    public void A_directoryName_is_written_in_the_string_types_of_RFC_5280()
    {
        var teletex = Der.Tlv(0xA4, Der.Sequence(Der.Rdn(CommonName, Der.Text(0x14, "müller"))));
        using var certificate = With(new() { AdditionalSanKinds = ["directoryName"] }).Certify(Csr(sans: [teletex])).Certificate();
        Assert.Equal(Der.Sequence(Der.Tlv(0xA4, Subject((CommonName, "müller")))), certificate.Extension("2.5.29.17", critical: false));
    }

    [Fact]
    [Trait("Conformance", "P-19")]
    public void Constraints_of_mailboxes_and_directory_names_apply_to_the_kinds_that_a_profile_permits()
    {
        var constrained = TestCa.Issuer(TestCa.Root(more: Constraints(
            Der.Sequence(Der.Text(0x81, "corp.example")), Der.Sequence(Der.Tlv(0xA4, Subject(("2.5.4.10", "Corp")))))));
        var everything = With(new() { AdditionalSanKinds = [.. Kinds().Select(row => (string)row[0])] });
        var subject = Subject(("2.5.4.10", "Corp"), (CommonName, "d"));

        constrained.Issue(everything.Granted(Csr(subject, [Utf8Mailbox, Directory]))).MustVerify(constrained);
        foreach (var outside in (byte[][])[
            OtherName(SubjectAltName.SmtpUtf8MailboxOid, Der.Text(0x0C, "jürgen@evil.example")),
            Der.Tlv(0xA4, Subject(("2.5.4.10", "Evil"), (CommonName, "other"))),
        ])
        {
            var obstacle = constrained.FindObstacle(everything.Granted(Csr(subject, [outside])));
            Assert.Equal(FailureReason.SubjectAltNameNotAllowed, obstacle?.Reason);
        }
    }

    [Theory]
    [InlineData("_dmarc.corp.example", true)]
    [InlineData("host_1.corp.example", true)]
    [InlineData("host_.corp.example", true)]
    [InlineData("host_1", true)]
    [InlineData("-host_1.corp.example", false)]
    [InlineData("host 1.corp.example", false)]
    [InlineData("host_1..example", false)]
    [InlineData("host_1.example\t", false)]
    public void Underscores_in_DNS_names_are_tolerated_where_the_profile_says_so(string name, bool tolerated)
    {
        var csr = Csr(sans: [Der.Text(0x82, name)]);
        With(ContentRules.Default).Denied(FailureReason.SubjectAltNameNotAllowed, csr);
        var tolerant = With(new() { AllowDnsUnderscore = true });
        if (tolerated)
            Assert.Contains($"DNS:{name}\n", tolerant.Certify(csr).Text(), StringComparison.Ordinal);
        else
            tolerant.Denied(FailureReason.SubjectAltNameNotAllowed, csr);

        // A mailbox is at a host, which has none.
        tolerant.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Der.Text(0x81, "eve@host_1.corp.example")]));
    }

    [Fact]
    public void What_an_MDM_sends_for_an_empty_variable_is_dropped_where_the_profile_says_so()
    {
        byte[] subject = Subject(
            ("2.5.4.10", "Corp"), ("2.5.4.11", ""), ("2.5.4.5", "  "), (CommonName, "device-1"), ("1.2.840.113549.1.9.1", ""));
        byte[][] sans =
        [
            Der.Text(0x82, ""), Der.Text(0x82, "d.example"), Der.Text(0x81, ""), Der.Text(0x86, " "), Der.Tlv(0x87, []),
            OtherName(SubjectAltName.UserPrincipalNameOid, Der.Text(0x0C, "")),
        ];
        With(ContentRules.Default).Denied(FailureReason.SubjectNotAllowed, Csr(subject));
        foreach (var blank in sans.Where((_, i) => i != 1))
            With(ContentRules.Default).Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [blank]));

        var issued = With(new() { DropBlankNames = true }).Certify(Csr(subject, sans));
        Assert.Equal("CN=device-1,O=Corp", issued.Subject);
        Assert.Equal(["DNS:d.example"], issued.SubjectAltNames);
        Assert.Contains("Subject: O = Corp, CN = device-1\n", issued.Text(), StringComparison.Ordinal);
        Assert.Contains("X509v3 Subject Alternative Name: \n                DNS:d.example\n", issued.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_all_names_are_blank_nothing_is_left_to_certify()
    {
        var tolerant = With(new() { DropBlankNames = true });
        tolerant.Denied(FailureReason.SubjectNotAllowed, Csr(Subject((CommonName, "")), [Der.Text(0x82, "")]));
        var named = tolerant.Certify(Csr(Subject((CommonName, "")), [Der.Text(0x82, "d.example")]));
        Assert.Contains(
            "X509v3 Subject Alternative Name: critical\n                DNS:d.example\n", named.Text(), StringComparison.Ordinal);

        // A pattern must be met by what is left.
        var demanding = new CertificateProfile
        {
            Id = "fleet",
            Name = "Fleet",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            RequiredSanPatterns = ["DNS:.*"],
            Content = new() { DropBlankNames = true },
        };
        demanding.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Der.Text(0x82, "")]));
    }

    [Fact]
    public void A_blank_attribute_is_not_the_one_that_a_profile_requires()
    {
        var profile = new CertificateProfile
        {
            Id = "fleet",
            Name = "Fleet",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            RequiredCsrAttributes = ["serialNumber"],
            Content = new() { DropBlankNames = true },
        };
        profile.Certify(Csr(Subject(("2.5.4.5", "42"), (CommonName, "d"))));
        profile.Denied(FailureReason.AttributeMissing, Csr(Subject(("2.5.4.5", ""), (CommonName, "d"))));
    }

    [Fact]
    public void What_only_begins_blank_is_kept_or_refused_as_ever()
    {
        var tolerant = With(new() { DropBlankNames = true });
        foreach (var half in (byte[][])[
            Der.Text(0x82, ".example"),
            Der.Text(0x81, "@corp.example"),
            OtherName(SubjectAltName.UserPrincipalNameOid, Der.Text(0x0C, "@corp.example")),
        ])
            tolerant.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [half]));
        Assert.Equal("CN=\\ device-1", tolerant.Certify(Csr(Subject((CommonName, " device-1")))).Subject);
    }

    private static X509Extension Constraints(params byte[][] permitted) =>
        new("2.5.29.30", Der.Sequence(Der.Tlv(0xA0, permitted)), critical: true);
}
