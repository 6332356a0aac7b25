using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Domain.Profiles;

/// <summary>Which subjects and alternative names may be certified whatever the profile says (RFC 5280 §4.1.2.4 to §4.2.1.6).</summary>
public sealed class NamePolicyTests
{
    [Theory]
    [InlineData("2.5.4.3", 64)]
    [InlineData("2.5.4.5", 64)]
    [InlineData("2.5.4.7", 128)]
    [InlineData("2.5.4.8", 128)]
    [InlineData("2.5.4.10", 64)]
    [InlineData("2.5.4.11", 64)]
    [InlineData("2.5.4.12", 64)]
    [InlineData("1.2.840.113549.1.9.1", 255)]
    [InlineData("1.2.840.113549.1.9.2", 255)]
    [Trait("Conformance", "P-10")]
    public void An_attribute_has_its_upper_bound(string oid, int bound)
    {
        Profile().Granted(Csr(subject: Name((oid, new string('x', bound)))));
        Assert.Contains(
            oid,
            Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((oid, new string('x', bound + 1))))),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-10")]
    [Trait("Conformance", "P-24")]
    public void An_upper_bound_counts_characters_neither_bytes_nor_what_the_eye_sees()
    {
        Profile().Granted(Csr(subject: Name((CommonName, string.Concat(Enumerable.Repeat("𝄞", 64))))));
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((CommonName, string.Concat(Enumerable.Repeat("𝄞", 65))))));

        // One letter under ten thousand accents.
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((CommonName, "e" + new string('\u0301', 10_000)))));
    }

    [Theory]
    [InlineData("device\u0000.example")]
    [InlineData("device\n")]
    [InlineData("\u001b[31mdevice")]
    [InlineData("device\u007f")]
    [InlineData("device\u0085")]
    [InlineData("\u202egpj.exe")]
    [InlineData("de\u200bvice")]
    [InlineData("de\u00advice")]
    [InlineData("\ufeffdevice")]
    [InlineData("device\u2028two")]
    [InlineData("device\u2029two")]
    [InlineData("device\U000E0041")]
    [Trait("Conformance", "Z-12")]
    public void Characters_that_cannot_be_seen_or_turn_the_reading_direction_are_refused(string text)
    {
        Assert.Contains(
            "U+", Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((CommonName, text)))), StringComparison.Ordinal);
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name(("2.5.4.11", text), (CommonName, "device"))));
        Profile().Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Upn(text + "@corp.example")]));
        Profile().Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Dns(text + ".example")]));
    }

    [Theory]
    [InlineData("DE", true)]
    [InlineData("de", true)]
    [InlineData("DEU", false)]
    [InlineData("D", false)]
    [InlineData("D1", false)]
    [InlineData("ÄÖ", false)]
    [Trait("Conformance", "P-10")]
    public void A_country_is_two_letters(string country, bool allowed)
    {
        var csr = Csr(subject: Name(("2.5.4.6", country), (CommonName, "d")));
        if (allowed)
            Profile().Granted(csr);
        else
            Profile().Denied(FailureReason.SubjectNotAllowed, csr);
    }

    [Theory]
    [InlineData("1.2.840.113549.1.9.1", "müller@corp.example")]
    [InlineData("0.9.2342.19200300.100.1.25", "münchen")]
    [Trait("Conformance", "P-10")]
    public void What_must_be_an_IA5String_must_be_ASCII(string oid, string value) =>
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((oid, value))));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("  ")]
    [InlineData("\u00a0\u3000")]
    public void An_attribute_that_is_empty_or_blank_is_refused(string value)
    {
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name((CommonName, value))));
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name(("2.5.4.11", value), (CommonName, "device"))));
        Profile().Granted(Csr(subject: Name(("2.5.4.11", value + "x"), (CommonName, "device"))));
    }

    [Fact]
    [Trait("Conformance", "P-9")]
    public void An_empty_subject_needs_an_alternative_name()
    {
        Assert.True(Profile().Granted(Csr(subject: Name(), sans: [Dns("d.example")])).Subject.IsEmpty);
        Profile().Denied(FailureReason.SubjectNotAllowed, Csr(subject: Name()));
    }

    [Fact]
    [Trait("Conformance", "P-24")]
    public void Thirty_two_attributes_and_a_hundred_alternative_names_are_enough()
    {
        Profile().Granted(Csr(subject: Name([.. Enumerable.Range(0, 32).Select(i => ("2.5.4.11", $"{i}"))])));
        Profile().Denied(
            FailureReason.SubjectNotAllowed, Csr(subject: Name([.. Enumerable.Range(0, 33).Select(i => ("2.5.4.11", $"{i}"))])));
        Profile().Granted(Csr(sans: Enumerable.Range(0, 100).Select(i => Dns($"d{i}.example"))));
        Profile().Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: Enumerable.Range(0, 101).Select(i => Dns($"d{i}.example"))));
    }

    [Fact]
    public void Names_stand_once_in_the_order_of_the_request()
    {
        SubjectAltName[] sans =
        [
            Dns("b.example"), Dns("a.example"), Dns("B.example"), Mail("b.example@x.example"), Mail("B.example@x.example"),
            Mail("b.example@x.example"),
        ];
        Assert.Equal(
            ["DNS:b.example", "DNS:a.example", "email:b.example@x.example", "email:B.example@x.example"],
            Profile().Granted(Csr(sans: sans)).SubjectAltNames.Select(name => name.ToString()));
    }

    [Fact]
    [Trait("Conformance", "P-16")]
    public void One_bad_name_among_good_ones_refuses_them_all() =>
        Profile().Denied(
            FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Dns("a.example"), Dns("b.example"), Dns("not a name"), Dns("c.example")]));

    [Fact]
    [Trait("Conformance", "P-27")]
    public void A_certificate_begins_five_minutes_ago_in_whole_seconds()
    {
        var now = Now.AddTicks(1_234_567);
        var template =
            Assert.IsType<Certctl.Domain.Profiles.Approval.Granted>(Profile().Approve(Csr(), TimeSpan.FromDays(1), now)).Template;
        Assert.Equal((Now.AddMinutes(-5), Now.AddMinutes(-5).AddDays(1)), (template.NotBefore, template.NotAfter));
    }
}
