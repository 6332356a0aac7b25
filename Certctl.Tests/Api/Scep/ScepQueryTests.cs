using Certctl.Api.Scep;
using Xunit;

namespace Certctl.Tests.Api.Scep;

/// <summary>
/// What clients in the field make of "base64, percent-encoded" (RFC 8894 §4.1). The octets give every habit something to spoil:
/// '+', '/' and padding.
/// </summary>
public sealed class ScepQueryTests
{
    // 58 octets: base64 of 80 characters in two lines of 64 and 16, with two of padding.
    private static readonly byte[] Octets = [.. Enumerable.Range(0, 58).Select(i => (byte)(i % 3 == 0 ? 0xFB : i % 3 == 1 ? 0xEF : 0xFF))];
    private static readonly string Base64 = Convert.ToBase64String(Octets);

    public static TheoryData<string, string> Habits() => new()
    {
        { "as the RFC says", Uri.EscapeDataString(Base64) },
        { "nothing encoded", Base64 },
        { "macOS: '=' alone encoded", Base64.Replace("=", "%3D", StringComparison.Ordinal) },
        { "jscep's servers: '+' became a space", Base64.Replace('+', ' ') },
        { "'+' became an encoded space", Base64.Replace("+", "%20", StringComparison.Ordinal) },
        {
            "lower-case escapes",
            Base64.Replace("+", "%2b", StringComparison.Ordinal)
                .Replace("/", "%2f", StringComparison.Ordinal).Replace("=", "%3d", StringComparison.Ordinal)
        },
        { "every character encoded", string.Concat(Base64.Select(c => $"%{(int)c:X2}")) },
        { "strongSwan, Cisco: %0A after 64", Uri.EscapeDataString(Wrapped("\n")) },
        { "%0D%0A after 64", Uri.EscapeDataString(Wrapped("\r\n")) },
        { "tabs before the lines", Uri.EscapeDataString(Wrapped("\n\t")) },
        { "no padding", Uri.EscapeDataString(Base64.TrimEnd('=')) },
        { "half of the padding", Uri.EscapeDataString(Base64[..^1]) },
        { "the URL-safe alphabet", UrlSafe(Base64) },
        { "the URL-safe alphabet without padding", UrlSafe(Base64).TrimEnd('=') },
        { "encoded twice", Uri.EscapeDataString(Uri.EscapeDataString(Base64)) },
        { "encoded twice with line ends", Uri.EscapeDataString(Uri.EscapeDataString(Wrapped("\n"))) },
    };

    [Theory]
    [MemberData(nameof(Habits))]
    [Trait("Conformance", "S-T4")]
    [Trait("Conformance", "S-T5")]
    public void Every_habit_gives_the_same_octets(string habit, string message)
    {
        Assert.Contains('+', Base64);
        Assert.Contains('/', Base64);
        Assert.EndsWith("==", Base64, StringComparison.Ordinal);

        Assert.True(Octets.AsSpan().SequenceEqual(ScepQuery.Message($"?operation=PKIOperation&message={message}")), habit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Padding_is_not_missed_at_any_length(int length) =>
        Assert.Equal(Octets[..length], ScepQuery.Message($"?message={Convert.ToBase64String(Octets, 0, length).TrimEnd('=')}"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?operation=PKIOperation")]
    [InlineData("?message")]
    [InlineData("?message=")]
    [InlineData("?message=%0A")]
    [InlineData("?message=====")]
    [InlineData("?message=A")]
    [InlineData("?message=AAAAA")]
    [InlineData("?message=M*A=")]
    [InlineData("?message=%25%25")]
    [InlineData("?message=%C3%A4%C3%A4%C3%A4%C3%A4")]
    [InlineData("?message=AA%00A")]
    [InlineData("?massage=MAA=")]
    public void What_is_no_base64_is_no_message(string? query) => Assert.Null(ScepQuery.Message(query));

    [Theory]
    [InlineData("?message=MAA=&operation=PKIOperation")]
    [InlineData("?operation=PKIOperation&MESSAGE=MAA=")]
    [InlineData("?x=1&&message=MAA=&message=AAAA")]
    [InlineData("operation=PKIOperation&message=MAA=")]
    public void Parameters_stand_in_any_order_and_case_and_the_first_counts(string query) =>
        Assert.Equal([0x30, 0x00], ScepQuery.Message(query));

    [Theory]
    [InlineData("?operation=GetCACaps", "GetCACaps")]
    [InlineData("?message=x&operation=GetCACert", "GetCACert")]
    [InlineData("?Operation=getcacert&message=", "getcacert")]
    [InlineData("?operation=PKI%4Fperation", "PKIOperation")]
    [InlineData("?operation=", "")]
    [InlineData("?operation", "")]
    [InlineData("?message=operation=GetCACert", null)]
    [InlineData("?operations=GetCACert", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_operation_is_the_parameter_of_that_name_alone(string? query, string? operation) =>
        Assert.Equal(operation, ScepQuery.Operation(query));

    private static string Wrapped(string lineEnd) => Base64[..64] + lineEnd + Base64[64..] + lineEnd;

    private static string UrlSafe(string base64) => base64.Replace('+', '-').Replace('/', '_');
}
