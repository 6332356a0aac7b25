using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Approvals;

namespace Certctl.Api.Commands.Admin;

/// <summary><c>certctl approvals list|approve|deny</c>: the requests waiting for approval, on the server's own database.</summary>
internal static class ApprovalsCommand
{
    private const int MaxRows = 10_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server.", Recursive = true };
        var all = new Option<bool>("--all") { Description = "Also those that are decided or have lapsed." };
        var json = new Option<bool>("--json") { Description = "A JSON array, for scripts." };
        var list = new Command("list", "The requests that wait, oldest first.") { all, json };
        list.SetAction((parse, token) => Database.WithAsync(
            "approvals", parse.GetValue(config),
            (services, bounded) => ListAsync(services, parse.GetValue(all), parse.GetValue(json), bounded), Fail, token));
        return new Command("approvals", "The requests that wait for an operator's approval.")
        {
            config, list, Decision("approve", "Let a request have its certificate.", true, config),
            Decision("deny", "Refuse a request for good.", false, config),
        };
    }

    private static Command Decision(string name, string description, bool approve, Option<string?> config)
    {
        var id = new Argument<Guid>("ID") { Description = "Id of the request, as the list shows it." };
        var note = new Option<string>("--note") { Description = "Why, for the audit trail.", DefaultValueFactory = _ => "" };
        var actor = OperatorOption.Create(
            "Who decides, where several people share an account of the system. "
                + "Both names go into the audit trail; the account counts once all the same.");
        var command = new Command(name, description) { id, note, actor };
        command.SetAction((parse, token) => Database.WithAsync(
            "approvals", parse.GetValue(config),
            (services, bounded) => DecideAsync(
                services,
                new DecideEnrolmentCommand(
                    parse.GetValue(id), approve, parse.GetValue(note)!, OperatorOption.Caller(parse.GetValue(actor)!)),
                bounded),
            Fail,
            token));
        return command;
    }

    private static async Task<int> DecideAsync(
        IServiceProvider services, DecideEnrolmentCommand command, CancellationToken cancellationToken)
    {
        switch (await services.GetRequiredService<AdminDispatcher>().SendAsync(command, cancellationToken))
        {
            case AdminOutcome.Done(var summary):
                Console.WriteLine($"{command.EnrolmentId} {summary}.");
                return 0;
            case AdminOutcome.Invalid(var problems):
                return Fail(problems);
            case AdminOutcome.NotFound(var detail):
                return Fail([$"{detail} See: certctl approvals list"]);
            case AdminOutcome.Conflict(var detail):
                return Fail([detail]);
            default:
                throw new InvalidOperationException("No decision ends like that.");
        }
    }

    private static async Task<int> ListAsync(IServiceProvider services, bool all, bool json, CancellationToken cancellationToken)
    {
        var rows = await services.GetRequiredService<IApprovalRepository>().ListAsync(all, MaxRows, cancellationToken);
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(rows, Json));
        else if (rows.Count == 0)
            Console.WriteLine(all ? "No request has ever waited." : "No request waits.");
        else
            rows.ToList().ForEach(Print);
        return 0;
    }

    // What a device wrote goes to a terminal: without control characters.
    private static void Print(ApprovalView row)
    {
        var decisions = row.Decisions.Select(decision =>
            $"{(decision.Approved ? "approved" : "denied")} by {decision.Actor}{(decision.Note.Length == 0 ? "" : $": {decision.Note}")}");
        string[] lines =
        [
            $"{row.Id}  {row.State.ToString().ToLowerInvariant()}  {row.Decisions.Count(decision => decision.Approved)} of "
                + $"{row.ApprovalsRequired} approvals",
            $"  subject      {(row.Subject.Length == 0 ? "(none)" : row.Subject)}"
                + $"{string.Concat(row.SubjectAltNames.Select(name => $"  {name}"))}",
            $"  key          {row.KeyAlgorithm}  SHA-256 {row.PublicKeySha256}",
            $"  request      {row.Protocol} {row.Kind} on \"{row.PathId}\" under profile {row.ProfileId}, vouched for by {row.VouchedBy}",
            $"  transaction  {row.TransactionId}",
            $"  from         {row.SourceAddress ?? "(unknown)"}  at {row.CreatedAt:yyyy-MM-dd HH:mm:ss}Z, "
                + $"waits until {row.HeldUntil:yyyy-MM-dd HH:mm:ss}Z",
            .. decisions.Select(decision => $"  {decision}"),
        ];
        foreach (var line in lines)
            Console.WriteLine(string.Concat(line.Select(c => char.IsControl(c) ? '\uFFFD' : c)));
    }

    private static int Fail(IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl approvals: {problem}");
        return 1;
    }
}
