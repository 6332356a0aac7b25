using Integrator;
using Integrator.Client.Models;
using Microsoft.Kiota.Abstractions;

// Tasks at certctl's REST API, by the client that is generated from docs/openapi.json. README.md says how to run it.
try
{
    using var connection = ApiConnection.FromEnvironment();
    var tasks = new IntegratorTasks(connection.Client);
    switch (args)
    {
        case ["expiring", var text] when ushort.TryParse(text, out var days):
            await tasks.ListExpiringAsync(days);
            break;
        case ["refused", var text] when ushort.TryParse(text, out var hours):
            await tasks.CountRefusedAsync(hours);
            break;
        case ["revoke", var serial, var reason]:
            await tasks.RevokeAsync(serial, reason);
            break;
        case ["profile-ttl", var id, var text] when int.TryParse(text, out var seconds):
            await tasks.SetTtlAsync(id, seconds);
            break;
        case ["profile-delete", var id]:
            await tasks.DeleteProfileAsync(id);
            break;
        case ["every-operation", var approve, var deny, var serial, var transaction, var scepServer]:
            await new EveryOperation(connection.Client, Guid.Parse(approve), Guid.Parse(deny), serial, transaction, scepServer).RunAsync();
            break;
        default:
            await Console.Error.WriteLineAsync(
                "expiring DAYS | refused HOURS | revoke SERIAL REASON | profile-ttl ID SECONDS | profile-delete ID");
            return 2;
    }

    return 0;
}
catch (ProblemBody problem)
{
    await Console.Error.WriteLineAsync($"{problem.Status} {problem.Detail} (request {problem.RequestId})");
    return 1;
}
catch (Exception failure) when (failure is ApiException or HttpRequestException
    or OperationCanceledException or UriFormatException or InvalidOperationException)
{
    await Console.Error.WriteLineAsync(failure.GetBaseException().Message);
    return 1;
}
