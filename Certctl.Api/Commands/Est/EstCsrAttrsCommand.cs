using System.CommandLine;
using System.Globalization;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;

namespace Certctl.Api.Commands.Est;

/// <summary><c>certctl est csrattrs URL</c>: what an EST server wants in a request.</summary>
internal static class EstCsrAttrsCommand
{
    // What a reader of such lists meets; everything else is shown by its number.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["1.2.840.113549.1.1.1"] = "RSA",
        ["1.2.840.10045.2.1"] = "EC",
        ["1.2.840.10045.3.1.7"] = "P-256",
        ["1.3.132.0.34"] = "P-384",
        ["1.3.132.0.35"] = "P-521",
        ["1.2.840.113549.1.1.11"] = "sha256WithRSAEncryption",
        ["1.2.840.113549.1.1.12"] = "sha384WithRSAEncryption",
        ["1.2.840.113549.1.1.13"] = "sha512WithRSAEncryption",
        ["1.2.840.10045.4.3.2"] = "ecdsa-with-SHA256",
        ["1.2.840.10045.4.3.3"] = "ecdsa-with-SHA384",
        ["1.2.840.10045.4.3.4"] = "ecdsa-with-SHA512",
        ["1.2.840.113549.1.9.7"] = "challengePassword",
        ["1.2.840.113549.1.9.16.2.56"] = "otpChallenge",
        ["1.2.840.113549.1.9.16.2.58"] = "estIdentityLinking",
        ["2.5.4.3"] = "commonName",
        ["2.5.4.5"] = "serialNumber",
        ["2.5.4.10"] = "organizationName",
        ["2.5.4.11"] = "organizationalUnitName",
        ["2.5.29.14"] = "subjectKeyIdentifier",
        ["2.5.29.15"] = "keyUsage",
        ["2.5.29.17"] = "subjectAltName",
        ["2.5.29.19"] = "basicConstraints",
        ["2.5.29.37"] = "extKeyUsage",
    };

    internal static Command Create() => Create(Environment.GetEnvironmentVariable);

    internal static Command Create(Func<string, string?> environment)
    {
        var command = new Command("csrattrs", "Ask an EST server what it wants in a certificate request. " + EstVerb.ExitCodes)
            { EstServerOptions.ServerArgument };
        foreach (var option in EstServerOptions.OfIdentity.Concat(EstServerOptions.OfServer))
            command.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var server = new EstServerOptions(parsed, environment, EstVerb.AskPassword);
            return EstVerb.GuardAsync("csrattrs", parsed, server.Json, () => RunAsync(parsed, server, cancellationToken));
        });
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, EstServerOptions server, CancellationToken cancellationToken)
    {
        using var identity = server.Identity();
        using var session = await EstSession.OpenAsync(
            server.Url, server.FirstTrust, identity, server.Credentials, text => EstVerb.Note("csrattrs", parsed, text), cancellationToken);
        var wanted = await CsrPlan.FetchAsync(session.Transport, cancellationToken);
        await ClientVerb.TellAsync(parsed, server.Json, AsText(wanted), new
        {
            status = "fetched",
            keys = wanted.Keys.Select(key => new { algorithm = Name(key.Algorithm), bits = key.Bits, curve = key.Curve }),
            extensions = wanted.Extensions.Select(extension => new
            {
                oid = extension.Oid,
                critical = extension.IsCritical,
                value = extension.Value is { } value ? Convert.ToHexString(value) : null,
            }),
            subject = wanted.Subject,
            oids = wanted.Oids,
            exit_code = 0,
        });
        return 0;
    }

    private static string AsText(CsrAttributes wanted)
    {
        if (wanted.IsEmpty)
            return "The server wants nothing in particular.";
        var text = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var key in wanted.Keys)
            text.WriteLine($"key        {Name(key.Algorithm)}{(key.Bits is { } bits ? $" of {bits} bits" : "")}"
                + $"{(key.Curve is { } curve ? $" on {Name(curve)}" : "")}");
        foreach (var extension in wanted.Extensions)
            text.WriteLine($"extension  {Name(extension.Oid)}{(extension.IsCritical ? ", critical" : "")}"
                + $"{(extension.Value is { } value ? $": {Convert.ToHexString(value)}" : "")}");
        foreach (var type in wanted.Subject)
            text.WriteLine($"subject    {Name(type)}");
        foreach (var oid in wanted.Oids)
            text.WriteLine($"attribute  {Name(oid)}");
        return text.ToString().TrimEnd();
    }

    private static string Name(string oid) => Names.TryGetValue(oid, out var name) ? name : oid;
}
