namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>
/// One change to a tree, of the kinds that break decoders: elements missing, repeated, foreign, nested, mistagged, with forged lengths.
/// </summary>
internal sealed class DerMutations(Random random)
{
    // Beside the limits of the decoders, and far beyond.
    private static readonly int[] Repetitions = [1, 2, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1000];
    private static readonly int[] Depths = [1, 2, 20, 31, 32, 33, 100];
    private static readonly int[] Sizes = [0, 1, 2, 4, 5, 8, 16, 20, 32, 64, 65, 127, 128, 129, 256, 257, 1024, 8192];
    private static readonly byte[] Tags =
        [
            0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x09, 0x0A, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1A, 0x1C, 0x1E, 0x1F, 0x24,
            0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xA0, 0xA1, 0xA3, 0xA4, 0xFF,
        ];

    public void Apply(DerTree tree, DerTree other)
    {
        var all = tree.All().ToList();
        var target = all[random.Next(all.Count)];
        var parents = all.FindAll(node => node.Children is { Count: > 0 });
        if (parents.Count > 0 && random.Next(2) == 0)
            Rearrange(parents[random.Next(parents.Count)].Children!, other);
        else
            Change(target);
    }

    private void Rearrange(List<DerTree> siblings, DerTree other)
    {
        var at = random.Next(siblings.Count);
        switch (random.Next(6))
        {
            case 0:
                siblings.RemoveAt(at);
                break;
            case 1:
                // Seldom many: an input that is long stays long, and the run slow.
                var times = random.Next(16) == 0 ? Pick(Repetitions) : 1;
                siblings.InsertRange(at, Enumerable.Range(0, times).Select(_ => siblings[at].Clone()).ToList());
                break;
            case 2:
                siblings[at] = Foreign(other);
                break;
            case 3:
                siblings.Insert(at, Foreign(other));
                break;
            case 4:
                siblings.Reverse();
                break;
            default:
                var with = random.Next(siblings.Count);
                (siblings[at], siblings[with]) = (siblings[with], siblings[at]);
                break;
        }
    }

    private void Change(DerTree node)
    {
        switch (random.Next(7))
        {
            case 0:
                node.Tag = Pick(Tags);
                break;
            case 1:
                node.Length = (DerLength)random.Next(6);
                break;
            case 2:
                Nest(node, Pick(Depths));
                break;
            case 3:
                (node.Children, node.Content) = (null, Octets(Pick(Sizes)));
                break;
            case 4 when node.Children is null && node.Content.Length > 0:
                node.Content = [.. node.Content];
                node.Content[random.Next(node.Content.Length)] = Octets(1)[0];
                break;
            case 5 when node.Children is null:
                // A string in pieces.
                node.Children =
                    [.. node.Content.Chunk(random.Next(1, 50)).Select(piece => new DerTree { Tag = node.Tag, Content = piece })];
                node.Tag |= 0x20;
                break;
            default:
                node.Tag ^= 0x20;
                break;
        }
    }

    private void Nest(DerTree node, int depth)
    {
        var inner = node.Clone();
        for (var i = 1; i < depth; i++)
            inner = new DerTree
            {
                Tag = node.IsConstructed ? node.Tag : (byte)0x30,
                Children = [inner],
                Length = random.Next(4) == 0 ? DerLength.Indefinite : DerLength.Minimal,
            };
        (node.Tag, node.Children) = (node.IsConstructed ? node.Tag : (byte)0x30, [inner]);
    }

    private DerTree Foreign(DerTree other)
    {
        var all = other.All().ToList();
        return all[random.Next(all.Count)].Clone();
    }

    private byte[] Octets(int count)
    {
        var octets = new byte[count];
        switch (random.Next(4))
        {
            case 0:
                random.NextBytes(octets);
                break;
            case 1:
                Array.Fill(octets, (byte)0xFF);
                break;
            case 2:
                Array.Fill(octets, (byte)random.Next(256));
                break;
        }

        return octets;
    }

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
