# The first section of CHANGELOG.md as an entry of debian/changelog: awk -v version=V -v date=D -v maintainer=M.

BEGIN { printf "anomalyd (%s) unstable; urgency=medium\n", version }

/^## / { if (++sections == 2) exit }

# One line for each item; Debian's lines have 80 characters at most.
sections == 1 && /^- / {
    gsub(/`/, "")
    line = "  *"
    printf "\n"
    for (word = 2; word <= NF; word++) {
        if (length(line) + 1 + length($word) > 78) {
            print line
            line = "   "
        }
        line = line " " $word
    }
    printf "%s", line
}

END { printf "\n\n -- %s  %s\n", maintainer, date }
