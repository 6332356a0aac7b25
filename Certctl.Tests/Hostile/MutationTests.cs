using System.Net;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Hostile;

/// <summary>Five thousand damaged messages: a refusal each, no accident, no secret in the log, no memory lost.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Messages = 5_000;
    private const int Connections = 8;
    private const int Seed = 8894;
    private const long AllowedGrowthKilobytes = 150 * 1024;

    [Fact]
    [Trait("Conformance", "Z-1")]
    [Trait("Conformance", "Z-2")]
    [Trait("Conformance", "Z-4")]
    public async Task Five_thousand_mutated_messages_are_refused_and_nothing_breaks()
    {
        output.WriteLine($"seed {Seed}");
        await using var server = await CertctlHost.StartAsync(null);
        using var wire = server.Connect();
        var ra = await wire.RecipientAsync();
        var good = Enumerable.Range(0, 8).Select(i => LoadDevice.Request(ra, server.Challenge, $"victim-{i}").Message).ToArray();
        await SendAsync(wire, good, 0, 500, new AnswerCounts());
        var before = ResidentKilobytes(server.ProcessId);

        var counts = new AnswerCounts();
        await SendAsync(wire, good, 500, Messages, counts);
        output.WriteLine($"400: {counts.BadRequest}, 413: {counts.TooLarge}, FAILURE: {counts.Failure}, still whole: {counts.Success}; "
            + $"resident {before} -> {ResidentKilobytes(server.ProcessId)} kB");

        Assert.Empty(counts.Wrong);
        Assert.True(counts is { BadRequest: > 500, Failure: > 500, TooLarge: > 10 }, "the mutations did not reach every answer");
        Assert.InRange(ResidentKilobytes(server.ProcessId) - before, long.MinValue, AllowedGrowthKilobytes);

        // A mutation outside the signature leaves a message whole; that is a repetition,
        // so there are no more certificates than good messages.
        Assert.InRange(await new RowCounter(null, server.DatabaseFile).CountAsync("SELECT COUNT(*) FROM certificates"), 0, good.Length);
        (await wire.SendAsync(LoadDevice.Request(ra, server.Challenge, "afterwards").Message))
            .Issued(LoadDevice.Request(ra, server.Challenge, "afterwards").Device);
        Assert.DoesNotContain(server.Challenge, server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", server.Log, StringComparison.Ordinal);
    }

    private static async Task SendAsync(ScepWire wire, byte[][] good, int from, int to, AnswerCounts counts) => await Parallel.ForEachAsync(
        Enumerable.Range(from, to - from),
        new ParallelOptions { MaxDegreeOfParallelism = Connections },
        async (i, _) =>
        {
            var message = Mutate(good[i % good.Length], new Random(Seed + i), i);
            using var answer = await wire.PostAsync(message);
            var body = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
            counts.Add(i, answer.StatusCode, body);
        });

    private static byte[] Mutate(byte[] good, Random random, int i)
    {
        var message = good.ToArray();
        switch (i % 10)
        {
            case 0 or 1 or 2:
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                    message[random.Next(message.Length)] ^= (byte)(1 << random.Next(8));
                return message;
            case 3:
                return message[..random.Next(1, message.Length)];
            case 4:
                // A forged length: some octet that looks like one becomes another.
                message[random.Next(1, 64)] = (byte)random.Next(0x7E, 0x100);
                return message;
            case 5:
                message[random.Next(message.Length)] = 0x80;
                return message;
            case 6:
                var at = random.Next(message.Length);
                return [.. message[..at], .. good[random.Next(good.Length)..], .. message[at..]];
            case 7:
                return Nested(random.Next(100, 10_001));
            case 8:
                return i % 100 == 8 ? new byte[1024 * 1024] : i % 100 == 18 ? new byte[1024 * 1024 + 1] : new byte[random.Next(1, 5000)];
            default:
                random.NextBytes(message.AsSpan(random.Next(message.Length)));
                return message;
        }
    }

    // Indefinite SEQUENCEs in each other, as deep as asked.
    private static byte[] Nested(int depth)
    {
        var message = new byte[depth * 4];
        for (var i = 0; i < depth; i++)
            (message[i * 2], message[(i * 2) + 1]) = (0x30, 0x80);
        return message;
    }

    private static long ResidentKilobytes(int processId) => long.Parse(
        File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        System.Globalization.CultureInfo.InvariantCulture);

    private sealed class AnswerCounts
    {
        private readonly Lock _lock = new();

        public int BadRequest { get; private set; }

        public int TooLarge { get; private set; }

        public int Failure { get; private set; }

        public int Success { get; private set; }

        public List<string> Wrong { get; } = [];

        public void Add(int i, HttpStatusCode status, byte[] body)
        {
            lock (_lock)
            {
                if (status == HttpStatusCode.BadRequest)
                    BadRequest++;
                else if (status == HttpStatusCode.RequestEntityTooLarge)
                    TooLarge++;
                else if (status == HttpStatusCode.OK && CertRepReading.Of(body).Status == "2")
                    Failure++;
                else if (status == HttpStatusCode.OK && CertRepReading.Of(body).Status == "0")
                    Success++;
                else
                    Wrong.Add($"message {i}: {status}");
            }
        }
    }
}
