using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Intune;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Application.Challenges.SignedToken;

/// <summary>The token by itself: its form, its signature, its claims and its times, each at its edge.</summary>
public sealed class IntuneChallengeTests : IDisposable
{
    private const string Audience = "https://certctl.example";

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    private static readonly TestConnector Connector = TestConnector.Ec();
    private static readonly TestConnector Rsa = TestConnector.Rsa();

    private readonly TemporaryFolder _folder = new();

    /// <summary>What a connector might write for a claim that is not what it should be, as JSON.</summary>
    public static TheoryData<string, string> WrongClaims => new()
    {
        { "version", "1" },
        { "iss", "\"\"" },
        { "sub", "17" },
        { "sub", "\"a\\u0000b\"" },
        { "sub", "\"\\ud800\"" },
        { "nonce", "null" },
        { "iat", "\"1700000000\"" },
        { "iat", "0" },
        { "iat", "-5" },
        { "iat", "1700000000.5" },
        { "exp", "1e30" },
        { "exp", "99999999999999999999" },
        { "exp", "253402300800" },
        { "exp", "true" },
        { "aud", "[1]" },
        { "aud", "[\"a\",null]" },
        { "aud", "{}" },
        { "nbf", "\"1700000000\"" },
        { "nbf", "null" },
        { "nbf", "0" },
        { "device_name", "{}" },
        { "san_dns", "\"a.example\"" },
        { "san_dns", "[1]" },
        { "san_upn", "[\"\"]" },
        { "san_uri", "[null]" },
        { "iss", $"\"{new string('x', 1025)}\"" },
        { "san_rfc822", $"[{string.Join(',', Enumerable.Repeat("\"a@b\"", 101))}]" },
    };

    public static TheoryData<string, double, double, string?> Times => new()
    {
        // iat and exp in seconds from now; tolerance 60, validity 3600
        { "now", 0, 600, null },
        { "as far ahead as is tolerated", 60, 600, null },
        { "a second further", 61, 600, "IntuneNotYetValid" },
        { "ended within the tolerance", -600, -59, null },
        { "ended a tolerance ago", -600, -60, "IntuneExpired" },
        { "as old as may be", -3600, 600, null },
        { "a second older", -3601, 600, "IntuneExpired" },
        { "ended before it began", 10, -100, "IntuneExpired" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(200, 2, false)]
    [InlineData(201, 2, true)]
    [InlineData(201, 1, false)]
    [InlineData(201, 3, false)]
    public void More_than_200_characters_with_exactly_two_dots_have_its_shape(int length, int dots, bool expected) =>
        Assert.Equal(expected, IntuneChallenge.HasShape(new Secret(new string('.', dots) + new string('a', length - dots))));

    [Fact]
    [Trait("Conformance", "J-2")]
    public void What_a_connector_signed_is_good_and_says_what_it_says()
    {
        foreach (var connector in new[] { Connector, Rsa })
        {
            var token = connector.Sign(Good().ToJsonString());
            var verdict = Verify(token);
            Assert.Null(verdict.Failure);
            Assert.Equal(
                ("https://connector.example", "id of d", Audience, "d", Now, Now.AddMinutes(10)),
                (
                    verdict.Claim!.Issuer, verdict.Claim.Subject, Assert.Single(verdict.Claim.Audiences), verdict.Claim.DeviceName,
                    verdict.Claim.IssuedAt, verdict.Claim.ExpiresAt));
            Assert.Equal(TestConnector.Sha256(token), Convert.ToHexStringLower(verdict.TokenSha256.Span));
        }
    }

    [Theory]
    [MemberData(nameof(Times))]
    [Trait("Conformance", "J-6")]
    public void Its_times_count_to_the_second(string what, double issued, double ends, string? reason)
    {
        var verdict = Verify(
            Signed(claims => (claims["iat"], claims["exp"]) =
                (Now.AddSeconds(issued).ToUnixTimeSeconds(), Now.AddSeconds(ends).ToUnixTimeSeconds())));
        Assert.True(reason == verdict.Failure?.Reason.ToString(), $"{what}: {verdict.Failure?.Detail}");
        Assert.Equal("id of d", verdict.Claim?.Subject);
    }

    [Theory]
    [MemberData(nameof(WrongClaims))]
    [Trait("Conformance", "J-6")]
    public void A_claim_that_is_not_what_it_should_be_is_malformed_and_named(string claim, string json)
    {
        var claims = Good();
        claims.Remove(claim);
        var verdict = Verify(Connector.Sign(string.Concat($"{{\"{claim}\":{json},", claims.ToJsonString().AsSpan(1))));
        Assert.Equal(FailureReason.IntuneMalformed, verdict.Failure?.Reason);
        Assert.StartsWith($"claim {claim} is ", verdict.Failure!.Detail, StringComparison.Ordinal);
        Assert.Null(verdict.Claim);
    }

    [Theory]
    [InlineData("iss")]
    [InlineData("sub")]
    [InlineData("nonce")]
    [InlineData("iat")]
    [InlineData("exp")]
    public void A_claim_that_must_be_there_is_missed_whatever_case_another_is_written_in(string claim) =>
        Assert.Equal($"claim {claim} is missing", Malformed(Signed(claims =>
        {
            var value = claims[claim]!.DeepClone();
            claims.Remove(claim);
            claims[claim.ToUpperInvariant()] = value;
        })));

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/* */}")]
    [InlineData("{\"a\":{\"b\":1,\"b\":2}}")]
    [InlineData("{\"a\":1,\"\\u0061\":2}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"a\":[[[[[[[[[[]]]]]]]]]]}")]
    [Trait("Conformance", "J-3")]
    public void What_is_no_strict_JSON_object_is_malformed(string json)
    {
        if (json.Length > 0)
            Assert.StartsWith("payload: ", Malformed(Connector.Sign(json)), StringComparison.Ordinal);
        Assert.NotNull(Malformed(Connector.Sign(Good().ToJsonString(), json)));
    }

    [Fact]
    public void Octets_that_are_no_UTF_8_are_malformed()
    {
        var token = Connector.Sign("{\"a\":\"?\"}");
        var parts = token.Split('.');
        Assert.Contains(
            "UTF-8",
            Malformed($"{Base64Url.EncodeToString([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D])}.{parts[1]}.{parts[2]}"),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "J-1")]
    [Trait("Conformance", "J-10")]
    public void Only_the_strict_compact_form_is_read()
    {
        var token = Signed();
        var parts = token.Split('.');
        string[] wrong =
        [
            "", "..", token + ".", token + "=", token + "\n", " " + token, token.Replace('-', '+') + "+",
            $"{parts[0]}=.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[1]}.",
            $".{parts[1]}.{parts[2]}", $"{parts[0]}..{parts[2]}", $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}",
            $"{{\"payload\":\"{parts[1]}\",\"signatures\":[]}}", token[..^1] + (char)(token[^1] + 1),
            $"{parts[0]}.{parts[1]}.{new string('A', 20_000)}", token.Replace(parts[0], parts[0] + "A\u00e9", StringComparison.Ordinal),
        ];
        Assert.All(wrong, text => Assert.NotNull(Malformed(text)));
    }

    [Fact]
    [Trait("Conformance", "J-2")]
    [Trait("Conformance", "J-8")]
    public void An_algorithm_or_key_that_the_token_chooses_is_not_believed()
    {
        var claims = Good().ToJsonString();
        string[] headers =
        [
            "{}", """{"alg":"none"}""", """{"alg":"es256"}""", """{"alg":"HS256"}""", """{"alg":"PS256"}""", """{"alg":"ES384"}""",
            """{"alg":"EdDSA"}""", """{"alg":["ES256"]}""", """{"alg":null}""", """{"alg":"RS256"}""",
        ];
        Assert.All(
            headers, header => Assert.Equal(FailureReason.IntuneSignatureInvalid, Verify(Connector.Sign(claims, header)).Failure?.Reason));
        var thief = TestConnector.Ec();
        var header = new JsonObject
        {
            ["alg"] = "ES256",
            ["kid"] = "../../etc/passwd",
            ["jku"] = "https://127.0.0.1:1/",
            ["x5u"] = "https://127.0.0.1:1/",
            ["x5c"] = new JsonArray(Convert.ToBase64String(thief.Certificate.RawData)),
        };
        Assert.Equal(FailureReason.IntuneSignatureInvalid, Verify(thief.Sign(claims, header.ToJsonString())).Failure?.Reason);
        Assert.Null(Verify(Connector.Sign(claims, header.ToJsonString())).Failure);
    }

    [Fact]
    public void A_signature_is_looked_at_before_anything_that_it_signs()
    {
        var parts = Signed().Split('.');
        var verdict = Verify($"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes("no JSON"))}.{parts[2]}");
        Assert.Equal(FailureReason.IntuneSignatureInvalid, verdict.Failure?.Reason);
        Assert.Equal("not signed with ES256 by any of 2 valid trust anchors", verdict.Failure!.Detail);
        Assert.Equal("none of 2 trust anchors is valid now", Verify(Signed(), now: Now.AddYears(3)).Failure?.Detail);
    }

    [Fact]
    public void Another_form_of_the_same_signature_is_the_same_challenge()
    {
        var token = Signed();
        var parts = token.Split('.');
        var fixedWidth = Base64Url.DecodeFromChars(parts[2]);
        var der = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteInteger(new System.Numerics.BigInteger(fixedWidth.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            der.WriteInteger(new System.Numerics.BigInteger(fixedWidth.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        var other = Verify($"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(der.Encode())}");
        Assert.Null(other.Failure);
        Assert.Equal(Verify(token).TokenSha256.ToArray(), other.TokenSha256.ToArray());
    }

    [Theory]
    [InlineData("v1", null)]
    [InlineData("", null)]
    [InlineData("V1", "IntuneUnknownVersion")]
    [InlineData("v2", "IntuneUnknownVersion")]
    public void The_version_is_v1_or_nothing(string version, string? reason) =>
        Assert.Equal(reason, Verify(Signed(claims => claims["version"] = version)).Failure?.Reason.ToString());

    [Fact]
    [Trait("Conformance", "J-6")]
    public void An_audience_that_is_set_must_be_met_to_the_letter_and_one_that_is_not_is_not_looked_at()
    {
        Assert.Equal(
            FailureReason.IntuneWrongAudience, Verify(Signed(claims => claims["aud"] = Audience.ToUpperInvariant())).Failure?.Reason);
        Assert.Equal(FailureReason.IntuneWrongAudience, Verify(Signed(claims => claims.Remove("aud"))).Failure?.Reason);
        Assert.Equal(FailureReason.IntuneWrongAudience, Verify(Signed(claims => claims["aud"] = new JsonArray())).Failure?.Reason);
        Assert.Null(Verify(Signed(claims => claims.Remove("aud")), audience: null).Failure);
        Assert.Null(Verify(Signed(claims => claims["aud"] = "anything"), audience: null).Failure);
    }

    [Fact]
    [Trait("Conformance", "J-6")]
    public void An_array_of_audiences_that_holds_the_one_that_is_set_is_good_and_any_other_is_refused_with_its_names()
    {
        Assert.Null(Verify(Signed(claims => claims["aud"] = new JsonArray(Audience))).Failure);
        Assert.Null(Verify(Signed(claims => claims["aud"] = new JsonArray("https://other.example", Audience))).Failure);
        var refused = Verify(Signed(claims => claims["aud"] = new JsonArray("a", "b\u200b", Audience + "/", "d"))).Failure!;
        Assert.Equal(
            (FailureReason.IntuneWrongAudience, $"it is meant for \"a\", \"b\\u{{200B}}\", \"{Audience}/\""),
            (refused.Reason, refused.Detail));
    }

    [Theory]
    [InlineData(-600, null)]
    [InlineData(60, null)]
    [InlineData(61, "IntuneNotYetValid")]
    [InlineData(3600, "IntuneNotYetValid")]
    [Trait("Conformance", "J-6")]
    public void A_challenge_is_not_to_be_used_before_nbf(double seconds, string? reason) =>
        Assert.Equal(
            reason, Verify(Signed(claims => claims["nbf"] = Now.AddSeconds(seconds).ToUnixTimeSeconds())).Failure?.Reason.ToString());

    [Fact]
    public void Every_defect_of_the_rehearsals_connector_is_refused_under_its_label()
    {
        foreach (var rsa in new[] { false, true })
        {
            using var connector = IntuneConnector.Open(_folder[$"connector-{rsa}"], rsa, Now);
            var (read, problems, _) = ConnectorBundle.Load(connector.BundlePath, Now);
            Assert.Empty(problems);
            var settings = new IntuneSettings(new FileTrustAnchors(read), Audience, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), 3);
            var device = new RehearsedDevice("https://iss", "sub", "device", Audience) { DnsNames = ["a.example"] };
            foreach (var (defect, label) in IntuneConnector.Defects.Append(new(null!, "")))
            {
                var token = new Secret(connector.Sign(device, Now, TimeSpan.FromMinutes(30), defect));
                var verdict = IntuneChallenge.Verify(token, settings, Now);
                Assert.True(IntuneChallenge.HasShape(token), defect);
                Assert.Equal(
                    (defect, label),
                    (defect, verdict.Failure is { } failure ? Certctl.Application.Enrolments.FailureTable.Of(failure.Reason).Label : ""));
            }
        }
    }

    private static JsonObject Good()
    {
        var claims = TestConnector.Claims("d");
        (claims["aud"], claims["iat"], claims["exp"]) = (Audience, Now.ToUnixTimeSeconds(), Now.AddMinutes(10).ToUnixTimeSeconds());
        return claims;
    }

    private static string Signed(Action<JsonObject>? change = null)
    {
        var claims = Good();
        change?.Invoke(claims);
        return Connector.Sign(claims.ToJsonString());
    }

    private string? Malformed(string token)
    {
        var verdict = Verify(token);
        Assert.True(verdict.Failure?.Reason == FailureReason.IntuneMalformed, $"{token}: {verdict.Failure?.Reason}");
        Assert.Equal(32, verdict.TokenSha256.Length);
        return verdict.Failure!.Detail;
    }

    private IntuneVerdict Verify(string token, string? audience = Audience, DateTimeOffset? now = null)
    {
        var path = _folder["anchors.pem"];
        File.WriteAllText(path, Connector.Pem + Rsa.Pem);
        var anchors = new FileTrustAnchors(ConnectorBundle.Load(path, Now).Anchors);
        return IntuneChallenge.Verify(
            new Secret(token), new IntuneSettings(anchors, audience, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), 3), now ?? Now);
    }
}
