using System.Net.Sockets;
using Certctl.Infrastructure.Persistence.Availability;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>What the probe's end says of the database: it does not answer, it answers, or nothing.</summary>
public sealed class DatabaseCircuitTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How a probe ends, whether it opens a closed circuit, and whether it closes an open one.</summary>
    public static TheoryData<string, bool, bool> Ends => new()
    {
        { "answer", false, true },
        { "silence", true, false },
        { "unavailable", true, false },
        { "no answer", true, false },
        { "no answer of two hosts", true, false },
        { "slow", true, false },
        { "no suitable host", false, false },
        { "refused", false, true },
        { "unresolved", false, true },
        { "starting", false, true },
        { "statement timeout", false, true },
        { "accident", false, false },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_closed_circuit_is_opened_by_silence_alone(string end, bool opens, bool closes)
    {
        _ = closes;
        var probe = new Probe { End = end };
        await using var circuit = new DatabaseCircuit(probe.AskAsync, Short, NullLogger<DatabaseCircuit>.Instance);

        circuit.Suspect();

        // A machine under load may be the one that is late: then the circuit asks again when it is told to.
        if (opens)
            await UntilAsync(() => circuit.IsOpen, circuit.Suspect);
        else
            await UntilAsync(() => probe.Asked > 2, circuit.Suspect);
        Assert.Equal(opens, circuit.IsOpen);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task An_open_circuit_is_closed_by_an_answer_alone_and_asks_on_after_anything_else(string end, bool opens, bool closes)
    {
        _ = opens;
        var probe = new Probe { End = "unavailable" };
        await using var circuit = new DatabaseCircuit(probe.AskAsync, Short, NullLogger<DatabaseCircuit>.Instance);
        circuit.Suspect();
        await UntilAsync(() => circuit.IsOpen, circuit.Suspect);

        var asked = probe.Asked;
        probe.End = end;
        if (closes)
        {
            await UntilAsync(() => !circuit.IsOpen);
            return;
        }

        await UntilAsync(() => probe.Asked > asked + 3);
        Assert.True(circuit.IsOpen);
        probe.End = "answer";
        await UntilAsync(() => !circuit.IsOpen);
    }

    private static async Task UntilAsync(Func<bool> condition, Action? again = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            again?.Invoke();
            await Task.Delay(10, patience.Token);
        }
    }

    private sealed class Probe
    {
        private int _asked;

        public volatile string End = "";

        public int Asked => Volatile.Read(ref _asked);

        public Task AskAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return End switch
            {
                "answer" => Task.CompletedTask,
                "silence" => Task.Delay(Timeout.Infinite, cancellationToken),
                "unavailable" => throw new DatabaseUnavailableException(),
                "no answer" => throw Silent(),
                "no answer of two hosts" =>
                    throw new NpgsqlException("Unable to connect to a suitable host", new AggregateException(Silent(), Silent())),
                "slow" => throw new NpgsqlException("Exception while reading from stream", new TimeoutException()),
                "no suitable host" => throw new NpgsqlException("No suitable host was found."),
                "refused" => throw new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused)),
                "unresolved" => throw new NpgsqlException("no such host", new SocketException((int)SocketError.HostNotFound)),
                "starting" => throw new PostgresException("starting up", "FATAL", "FATAL", "57P03"),
                "statement timeout" => throw new PostgresException("canceled", "ERROR", "ERROR", "57014"),
                _ => throw new InvalidOperationException("The probe itself is wrong."),
            };
        }

        private static NpgsqlException Silent() => new("Failed to connect to 10.0.0.1:5432", new TimeoutException());
    }
}
