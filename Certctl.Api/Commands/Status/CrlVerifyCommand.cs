using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;

namespace Certctl.Api.Commands.Status;

/// <summary>
/// <c>certctl crl verify URL|FILE --ca FILE</c>. Exit codes: 0 good, 2 usage, 5 network or TLS, 6 it may not be relied upon, 7 a local
/// file.
/// </summary>
internal static class CrlVerifyCommand
{
    private static readonly Argument<string> Place = PlaceArgument();
    private static readonly Option<string?> CaCert = StatusVerb.CaCert();
    private static readonly Option<bool> Json = StatusVerb.Json();
    private static readonly Option<DateTimeOffset?> Now = StatusVerb.Now();

    private static readonly Option<string> Ca = new("--ca")
    {
        HelpName = "FILE",
        Required = true,
        Description = "The certificate of the CA, PEM or DER. Of several the one that fits by name and key is taken.",
    };

    public static Argument<string> PlaceArgument() => new("URL|FILE")
    {
        Description = "The CRL, DER or PEM: an http or https URL (at most 64 MiB) or a file.",
    };

    public static Command Create()
    {
        var command = new Command(
            "verify", "Check that a CRL is the CA's, unaltered, current and of the form that RFC 5280 demands. Exit codes: 0 good, "
                + "2 usage, 5 network or TLS, 6 it may not be relied upon, 7 a local file.") { Place, Ca, Now, CaCert, Json };
        command.SetAction((parsed, cancellationToken) => StatusVerb.GuardAsync(
            "crl verify", parsed, parsed.GetValue(Json), () => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var cas = await StatusFile.CertificatesAsync(parsed.GetValue(Ca)!, cancellationToken);
        var octets = await StatusVerb.ReadAsync(parsed.GetValue(Place)!, parsed, CaCert, StatusTransport.MaxCrl, cancellationToken);
        var crl = ReceivedCrl.Read(octets);
        var now = parsed.GetValue(Now) ?? TimeProvider.System.GetUtcNow();
        var problems = CrlCheck.Problems(crl, cas, now, out var ca);
        var (name, number) = (ScepStageNames.Printable(ca.Subject), crl.Number?.ToString(CultureInfo.InvariantCulture));
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(
                new
                {
                    status = problems.Count == 0 ? "good" : "unusable",
                    issuer = crl.IssuerName,
                    ca = name,
                    number,
                    this_update = crl.ThisUpdate,
                    next_update = crl.NextUpdate,
                    signature_algorithm = crl.OuterAlgorithm.Name,
                    is_delta = crl.BaseNumber is not null,
                    checked_at = now,
                    problems,
                },
                StatusVerb.JsonForm));
        }
        else
        {
            foreach (var problem in problems)
                await output.WriteLineAsync($"Problem: {problem}");
            await output.WriteLineAsync(problems.Count == 0
                ? $"Good: {(crl.BaseNumber is { } from ? $"delta CRL of {from}" : "CRL")} number {number} of {name}, "
                    + $"until {crl.NextUpdate:u}."
                : "Not to be relied upon.");
        }

        return problems.Count == 0 ? 0 : StatusVerb.Unusable;
    }
}
