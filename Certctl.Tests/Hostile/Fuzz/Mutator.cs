namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>Combines two inputs that reached new code into one.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> words)
{
    private const int MaxLength = 32 * 1024;

    private static readonly byte[] TellingOctets =
        [0x00, 0x01, 0x04, 0x05, 0x0D, 0x20, 0x24, 0x30, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xA0, 0xFE, 0xFF];

    private readonly DerMutations _structure = new(random);

    public byte[] Mutate(byte[] input, byte[] other)
    {
        var mutant = input;
        var changed = false;
        if (words.Count == 0 && random.Next(3) != 0 && DerTree.TryParse(input, out var tree))
        {
            if (!DerTree.TryParse(other, out var foreign))
                foreign = tree.Clone();
            for (var i = random.Next(1, 4); i > 0; i--)
                _structure.Apply(tree, foreign);
            mutant = tree.Encode();
            changed = true;
        }

        if (!changed || random.Next(4) == 0)
            mutant = Scramble(mutant, other);
        return mutant.Length <= MaxLength ? mutant : mutant[..MaxLength];
    }

    private byte[] Scramble(byte[] input, byte[] other)
    {
        var octets = new List<byte>(input);
        for (var i = 1 << random.Next(4); i > 0; i--)
            ScrambleOnce(octets, other);
        return [.. octets];
    }

    private void ScrambleOnce(List<byte> octets, byte[] other)
    {
        var at = random.Next(octets.Count + 1);
        var some = Math.Min(random.Next(1, 33), octets.Count - at);
        switch (random.Next(words.Count == 0 ? 7 : 9))
        {
            case 0 when at < octets.Count:
                octets[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < octets.Count:
                octets[at] = TellingOctets[random.Next(TellingOctets.Length)];
                break;
            case 2 when at < octets.Count:
                octets[at] = (byte)random.Next(256);
                break;
            case 3:
                octets.RemoveRange(at, some);
                break;
            case 4:
                octets.InsertRange(random.Next(octets.Count + 1), octets.GetRange(at, some));
                break;
            case 5 when other.Length > 0:
                var from = random.Next(other.Length);
                octets.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 65))]);
                break;
            case 6 when random.Next(8) == 0:
                octets.RemoveRange(at, octets.Count - at);
                break;
            case > 6:
                octets.InsertRange(at, words[random.Next(words.Count)]);
                break;
            default:
                octets.Insert(at, (byte)random.Next(256));
                break;
        }
    }
}
