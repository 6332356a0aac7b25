using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Infrastructure.Issuers.LocalCa.DeviceRequests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>Subjects and alternative names that the profile writes from what the request and its signed challenge say.</summary>
public sealed class ProfileTemplateTests
{
    private static readonly DeviceClaim Claim = new("connector", "device-guid-1", "LAPTOP-1", new byte[32]);

    [Fact]
    public void A_subject_is_rewritten_in_the_order_of_its_elements()
    {
        var profile = With(new()
        {
            SubjectTemplate =
                ["C=DE", "O=Corp, Inc.", "OU={{csr.ou}}", "serialNumber={{claim.subject}}", "CN={{claim.device_name}} of {{csr.cn}}"],
        });
        byte[] asked = Subject(("2.5.4.10", "Evil"), ("2.5.4.11", "Lab"), ("2.5.4.11", "Roof"), (CommonName, "device-1"));
        var issued = profile.Certify(Csr(asked), Claim);
        Assert.Contains(
            "Subject: C = DE, O = \"Corp, Inc.\", OU = Lab, OU = Roof, serialNumber = device-guid-1, CN = LAPTOP-1 of device-1\n",
            issued.Text(),
            StringComparison.Ordinal);
        Assert.Equal("CN=LAPTOP-1 of device-1,serialNumber=device-guid-1,OU=Roof,OU=Lab,O=Corp\\, Inc.,C=DE", issued.Subject);
    }

    [Fact]
    public void Alternative_names_are_rewritten_and_those_of_the_request_are_kept_where_the_template_says_so()
    {
        var profile = With(new()
        {
            SanTemplate =
            [
                "{{csr.sans}}", "DNS:{{csr.cn}}.corp.example", "UPN:{{csr.cn}}@corp.example", "email:{{csr.san.upn}}", "IP:192.0.2.7",
                "URI:urn:dev:{{claim.subject}}",
                "URI:{{csr.san.uri?}}", "DNS:always.example",
            ],
        });
        var issued = profile.Certify(
            Csr(sans: [Der.Text(0x82, "own.example"), OtherName(SubjectAltName.UserPrincipalNameOid, Der.Text(0x0C, "eve@corp.example"))]),
            Claim);
        Assert.Contains(
            "DNS:own.example, othername: UPN::eve@corp.example, DNS:device-1.corp.example, othername: "
                + "UPN::device-1@corp.example, email:eve@corp.example, IP Address:192.0.2.7, "
            + "URI:urn:dev:device-guid-1, DNS:always.example\n",
            issued.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_without_the_names_of_the_request_leaves_them_out_and_repeats_none()
    {
        var profile = With(new() { SanTemplate = ["DNS:{{csr.cn}}", "DNS:{{csr.cn}}", "DNS:{{csr.san.dns?}}"] });
        Assert.Equal(["DNS:device-1"], profile.Certify(Csr(sans: [Der.Text(0x81, "eve@corp.example")])).SubjectAltNames);
        Assert.Equal(
            ["DNS:device-1", "DNS:a.example", "DNS:b.example"],
            profile.Certify(Csr(sans: [Der.Text(0x82, "a.example"), Der.Text(0x82, "b.example")])).SubjectAltNames);
    }

    [Fact]
    public void A_variable_without_value_refuses_the_request_by_name_unless_it_is_optional()
    {
        var named = With(new() { SubjectTemplate = ["CN={{claim.device_name}}"] });
        Assert.Contains(
            "{{claim.device_name}} has no value", named.Denied(FailureReason.SubjectNotAllowed, Csr()), StringComparison.Ordinal);
        Assert.Contains(
            "{{claim.device_name}}",
            named.Denied(FailureReason.SubjectNotAllowed, Csr(), Claim with { DeviceName = null }),
            StringComparison.Ordinal);
        Assert.Contains(
            "{{claim.device_name}}",
            named.Denied(FailureReason.SubjectNotAllowed, Csr(), Claim with { DeviceName = " " }),
            StringComparison.Ordinal);
        Assert.Equal("CN=LAPTOP-1", named.Certify(Csr(), Claim).Subject);

        var sans = With(new() { SanTemplate = ["DNS:{{csr.ou}}.example"] });
        Assert.Contains("{{csr.ou}} has no value", sans.Denied(FailureReason.SubjectAltNameNotAllowed, Csr()), StringComparison.Ordinal);
        Assert.Contains(
            "{{csr.ou}} has no value",
            sans.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(Subject(("2.5.4.11", ""), (CommonName, "d")))),
            StringComparison.Ordinal);

        var optional = With(new() { SubjectTemplate = ["OU=of {{csr.ou?}}", "CN={{csr.cn}}"], SanTemplate = ["DNS:{{csr.ou?}}.example"] });
        var issued = optional.Certify(Csr());
        Assert.Equal(("CN=device-1", 0), (issued.Subject, issued.SubjectAltNames.Count));
        Assert.Equal("CN=device-1,OU=of lab", optional.Certify(Csr(Subject(("2.5.4.11", "lab"), (CommonName, "device-1")))).Subject);

        // Nothing left is no name.
        With(new() { SubjectTemplate = ["OU={{csr.ou?}}"] }).Denied(FailureReason.SubjectNotAllowed, Csr());
    }

    [Theory]
    [InlineData("{{csr.o}}")]
    [InlineData("{{claim.subject}}")]
    [InlineData("}}{{")]
    [InlineData("CN=admin,O=Evil")]
    [InlineData("device+OU=Admins")]
    [InlineData("a/CN=admin")]
    [InlineData("\\2C\\00")]
    [InlineData("#0c0161")]
    [InlineData("$(id)`id`'\"<script>")]
    [InlineData("%7B%7Bcsr.o%7D%7D")]
    public void A_value_is_data_and_nothing_in_it_is_read(string value)
    {
        var profile = With(new() { SubjectTemplate = ["O=Corp", "CN=x {{csr.cn}}"] });
        using var certificate = profile.Certify(Csr(Subject(("2.5.4.10", "Evil"), (CommonName, value)))).Certificate();
        Assert.Equal(Subject(("2.5.4.10", "Corp"), (CommonName, $"x {value}")), certificate.SubjectName.RawData);
    }

    [Theory]
    [InlineData("device\u0000")]
    [InlineData("\u001b[31m")]
    [InlineData("\u202egpj.exe")]
    [InlineData("de\u200bvice")]
    [InlineData("line\nbreak")]
    public void A_value_that_no_subject_may_have_is_refused_in_a_template_too(string value)
    {
        var profile = With(
            new() { SubjectTemplate = ["CN={{claim.device_name}}"], SanTemplate = ["UPN:{{claim.device_name}}@corp.example"] });
        profile.Denied(FailureReason.SubjectNotAllowed, Csr(), Claim with { DeviceName = value });
        With(new() { SanTemplate = profile.Content.SanTemplate })
            .Denied(FailureReason.SubjectAltNameNotAllowed, Csr(), Claim with { DeviceName = value });
    }

    [Fact]
    public void A_lone_surrogate_is_refused_and_no_accident()
    {
        var claim = Claim with { DeviceName = "a\ud800b" };
        With(new() { SubjectTemplate = ["CN={{claim.device_name}}"] }).Denied(FailureReason.SubjectNotAllowed, Csr(), claim);
        With(new() { SanTemplate = ["URI:urn:dev:{{claim.device_name}}"] }).Denied(FailureReason.SubjectAltNameNotAllowed, Csr(), claim);
        Assert.Equal(
            "CN=𝄞",
            With(new() { SubjectTemplate = ["CN={{claim.device_name}}"] }).Certify(Csr(), Claim with { DeviceName = "𝄞" }).Subject);
    }

    [Fact]
    public void The_upper_bounds_of_RFC_5280_hold_for_what_a_template_makes()
    {
        var profile = With(new() { SubjectTemplate = ["CN=dev-{{csr.cn}}"] });
        Assert.Equal("CN=dev-" + new string('x', 60), profile.Certify(Csr(Subject((CommonName, new string('x', 60))))).Subject);
        Assert.Contains(
            "65 characters",
            profile.Denied(FailureReason.SubjectNotAllowed, Csr(Subject((CommonName, new string('x', 61))))),
            StringComparison.Ordinal);
        With(new() { SubjectTemplate = ["C={{csr.cn}}"] }).Denied(FailureReason.SubjectNotAllowed, Csr());
        With(new() { SubjectTemplate = ["DC={{csr.cn}}"] }).Denied(FailureReason.SubjectNotAllowed, Csr(Subject((CommonName, "münchen"))));
    }

    [Theory]
    [InlineData("DNS:{{csr.cn}}.corp.example", "*")]
    [InlineData("DNS:{{csr.cn}}", "*.corp.example")]
    [InlineData("DNS:{{csr.cn}}.corp.example", "a b")]
    [InlineData("DNS:{{csr.cn}}.corp.example", "аdmin")]
    [InlineData("DNS:{{csr.cn}}.corp.example", "evil.example/")]
    [InlineData("DNS:{{csr.cn}}.corp.example", "evil.")]
    [InlineData("UPN:{{csr.cn}}@corp.example", "admin@evil.example")]
    [InlineData("email:{{csr.cn}}@corp.example", "admin@evil.example")]
    [InlineData("email:{{csr.cn}}@corp.example", "аdmin")]
    [InlineData("email:{{csr.cn}}", "Eve <eve@corp.example>")]
    [InlineData("IP:{{csr.cn}}", "1")]
    [InlineData("IP:{{csr.cn}}", "0x7f.1")]
    [InlineData("IP:{{csr.cn}}", "010.0.0.1")]
    [InlineData("IP:{{csr.cn}}", "fe80::1%eth0")]
    [InlineData("IP:{{csr.cn}}", "fe80::1%5")]
    [InlineData("URI:https://corp.example/{{csr.cn}}/x", "..")]
    [InlineData("URI:https://corp.example/{{csr.cn}}", ".")]
    [InlineData("URI:{{csr.cn}}", "not a uri")]
    public void A_value_does_not_turn_one_name_into_another(string template, string value) =>
        With(new() { SanTemplate = [template] }).Denied(FailureReason.SubjectAltNameNotAllowed, Csr(Subject((CommonName, value))));

    [Theory]
    [InlineData("URI:https://corp.example/{{csr.cn}}", "../a?b#c/d@e%2f", "URI:https://corp.example/..%2Fa%3Fb%23c%2Fd%40e%252f")]
    [InlineData("URI:urn:dev:{{csr.cn}}", "jürgen", "URI:urn:dev:j%C3%BCrgen")]
    [InlineData("URI:{{csr.cn}}", "spiffe://corp.example/a", "URI:spiffe://corp.example/a")]
    [InlineData("IP:{{csr.cn}}", "2001:DB8::1", "IP:2001:db8::1")]
    public void A_value_within_a_URI_is_percent_encoded(string template, string value, string name) =>
        Assert.Equal([name], With(new() { SanTemplate = [template] }).Certify(Csr(Subject((CommonName, value)))).SubjectAltNames);

    [Fact]
    public void A_wildcard_comes_from_a_wildcard_of_the_request_alone()
    {
        var csr = Csr(sans: [Der.Text(0x82, "*.corp.example")]);
        Assert.Equal(["DNS:*.corp.example"], With(new() { SanTemplate = ["DNS:{{csr.san.dns}}"] }).Certify(csr).SubjectAltNames);
        With(new() { SanTemplate = ["DNS:x.{{csr.san.dns}}"] }).Denied(FailureReason.SubjectAltNameNotAllowed, csr);
    }

    [Fact]
    public void Two_variables_of_several_values_in_one_element_are_refused()
    {
        var two = Csr(Subject((CommonName, "a"), (CommonName, "b"), ("2.5.4.11", "x"), ("2.5.4.11", "y")));
        With(new() { SubjectTemplate = ["CN={{csr.cn}}-{{csr.ou}}"] }).Denied(FailureReason.SubjectNotAllowed, two);
        Assert.Equal("CN=b,CN=a", With(new() { SubjectTemplate = ["CN={{csr.cn}}"] }).Certify(two).Subject);
        With(new() { SubjectTemplate = ["CN={{csr.cn}}", "OU={{csr.ou}}"] }).Certify(two);
    }

    [Fact]
    public void What_a_template_makes_must_meet_the_patterns_of_the_profile()
    {
        CertificateProfile Demanding(string template) => new()
        {
            Id = "fleet",
            Name = "Fleet",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            RequiredSanPatterns = ["DNS:.*\\.corp\\.example"],
            Content = new() { SanTemplate = [template] },
        };
        Demanding("DNS:{{csr.cn}}.corp.example").Certify(Csr());
        Demanding("DNS:{{csr.cn}}.evil.example")
            .Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Der.Text(0x82, "a.corp.example")]));
    }

    [Theory]
    [InlineData("CN={{csr.cn}}", true)]
    [InlineData("2.5.4.3={{csr.cn?}}", true)]
    [InlineData("CN=fixed", true)]
    [InlineData("CN=a=b, c+d", true)]
    [InlineData("CN=a { b } c", true)]
    [InlineData("CN={{csr.CN}}", false)]
    [InlineData("CN={{ csr.cn }}", false)]
    [InlineData("CN={{csr.cn??}}", false)]
    [InlineData("CN={{csr.cn", false)]
    [InlineData("CN=csr.cn}}", false)]
    [InlineData("CN={{}}", false)]
    [InlineData("CN={{?}}", false)]
    [InlineData("CN={{{csr.cn}}}", false)]
    [InlineData("CN={{csr.sans}}", false)]
    [InlineData("CN={{csr.{{csr.cn}}}}", false)]
    [InlineData("CN={{claim.exp}}", false)]
    [InlineData("CN=", false)]
    [InlineData("CN", false)]
    [InlineData("=x", false)]
    [InlineData("cn={{csr.cn}}", false)]
    [InlineData("9.9=x", false)]
    [InlineData("C=Germany", false)]
    [InlineData("CN=\u202ex", false)]
    [InlineData("CN=x\n", false)]
    [InlineData("", false)]
    public void SubjectTemplate_has_a_strict_grammar(string element, bool valid) =>
        Assert.Equal(valid, !With(new() { SubjectTemplate = [element] }).Validate()
            .Any(problem => problem.StartsWith("subject_template: ", StringComparison.Ordinal)));

    [Theory]
    [InlineData("{{csr.sans}}", true)]
    [InlineData("DNS:{{csr.cn}}.example", true)]
    [InlineData("DNS:*.corp.example", true)]
    [InlineData("UPN:{{csr.cn}}@corp.example", true)]
    [InlineData("IP:192.0.2.1", true)]
    [InlineData("{{csr.sans}}x", false)]
    [InlineData("{{csr.sans?}}", false)]
    [InlineData("DNS:{{csr.sans}}", false)]
    [InlineData("{{csr.san.dns}}", false)]
    [InlineData("dns:x.example", false)]
    [InlineData("RID:1.2.3", false)]
    [InlineData("DNS:not a name", false)]
    [InlineData("DNS:under_score.example", false)]
    [InlineData("IP:192.0.2", false)]
    [InlineData("IP:fe80::1%5", false)]
    [InlineData("email:no-at-sign", false)]
    [InlineData("UPN:no-at-sign", false)]
    [InlineData("URI:relative", false)]
    [InlineData("DNS:", false)]
    [InlineData("DNS", false)]
    public void SanTemplate_has_a_strict_grammar(string element, bool valid) =>
        Assert.Equal(valid, !With(new() { SanTemplate = [element] }).Validate()
            .Any(problem => problem.StartsWith("san_template: ", StringComparison.Ordinal)));

    [Fact]
    public void Templates_are_bounded()
    {
        Assert.Empty(
            With(new() { SubjectTemplate = [.. Enumerable.Repeat("OU=x", 32)], SanTemplate = [.. Enumerable.Repeat("DNS:x.example", 50)] })
                .Validate());
        Assert.Equal(
            2,
            With(new() { SubjectTemplate = [.. Enumerable.Repeat("OU=x", 33)], SanTemplate = [.. Enumerable.Repeat("DNS:x.example", 51)] })
                .Validate().Count);
        Assert.Single(With(new() { SubjectTemplate = ["CN={{csr.cn}}" + new string('x', 513)] }).Validate());
    }

    [Fact]
    public void A_renewal_asks_for_the_names_of_the_certificate_or_for_those_that_became_them()
    {
        var profile = With(new() { SubjectTemplate = ["O=Corp", "CN=x-{{csr.cn}}"], SanTemplate = ["DNS:{{csr.cn}}.corp.example"] });
        var old = profile.Certify(Csr());
        Assert.Equal("CN=x-device-1,O=Corp", old.Subject);
        var renewal = new RenewalClaim(old, Requests.Now) { MayChangeNames = false };

        foreach (var csr in (CertificateSigningRequest[])[
            Csr(),
            Csr(Subject(("2.5.4.10", "Corp"), (CommonName, "x-device-1")), [Der.Text(0x82, "device-1.corp.example")]),
        ])
        {
            var template = Assert.IsType<Approval.Granted>(profile.Approve(csr, Requests.Year, Requests.Now, renewal)).Template;
            Assert.Equal((old.Subject, old.SubjectAltNames[0]), (template.Subject.ToString(), template.SubjectAltNames[0].ToString()));
        }

        foreach (var csr in (CertificateSigningRequest[])[
            Csr(Subject((CommonName, "x-device-1"))),
            Csr(Subject((CommonName, "device-2"))),
            Csr(Subject(("2.5.4.10", "Corp"), (CommonName, "x-device-1"))),
        ])
        {
            var failure = Assert.IsType<Approval.Denied>(profile.Approve(csr, Requests.Year, Requests.Now, renewal)).Failure;
            Assert.Equal(FailureReason.RenewalNameChanged, failure.Reason);
        }
    }

    [Fact]
    public void A_renewal_whose_blank_names_were_dropped_before_may_bring_them_again()
    {
        var profile = With(new() { DropBlankNames = true });
        byte[] subject = Subject(("2.5.4.11", ""), (CommonName, "device-1"));
        byte[][] sans = [Der.Text(0x82, ""), Der.Text(0x82, "d.example")];
        var renewal = new RenewalClaim(profile.Certify(Csr(subject, sans)), Requests.Now) { MayChangeNames = false };
        Assert.IsType<Approval.Granted>(profile.Approve(Csr(subject, sans), Requests.Year, Requests.Now, renewal));
    }

    [Fact]
    public void A_certificate_with_blanks_of_an_earlier_version_is_renewed_without_them()
    {
        var profile = With(new() { DropBlankNames = true });
        byte[] subject = Subject(("2.5.4.11", " "), (CommonName, "device-1"));
        var renewal =
            new RenewalClaim(profile.Certify(Csr(subject)), Requests.Now) { MayChangeNames = false, Subject = Csr(subject).Subject };

        var granted = Assert.IsType<Approval.Granted>(profile.Approve(Csr(subject), Requests.Year, Requests.Now, renewal));

        Assert.Equal("CN=device-1", granted.Template.Subject.ToString());
        var other = Csr(Subject(("2.5.4.11", " "), (CommonName, "device-2")));
        Assert.Equal(
            FailureReason.RenewalNameChanged,
            Assert.IsType<Approval.Denied>(profile.Approve(other, Requests.Year, Requests.Now, renewal)).Failure.Reason);
    }
}
