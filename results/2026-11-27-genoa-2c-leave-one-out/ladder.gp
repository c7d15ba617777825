# Draws ladder.csv: `gnuplot ladder.gp` in this directory.
data = 'ladder.csv'
c_rung = 23
c_name = 24
c_label = 27
c_paper = 29
c_ratio = 33
c_share = 39
c_time = 31
c_previous = 32
n_cases = 1
array first[1]
array last[1]
array file[1]
array title[1]
first[1] = 0; last[1] = 11; file[1] = 'ladder.svg'
title[1] = 'opt-125m (synthetic weights), sst2, batch 16, rank 2, 2 threads: leaving one out'

set encoding utf8
set datafile separator ','
set style fill solid 1 noborder
set border 3
set grid xtics back lc rgb '#dddddd'
set tics nomirror
set ytics scale 0
set key outside bottom center horizontal samplen 1 noenhanced
set xlabel 'time of a step, seconds (log scale)'
set for [d = -7:3] for [m in '1 2 5'] xtics add (sprintf('%g', m * 10.0 ** d) m * 10.0 ** d)
colours = '#9a9a9a #e8871e #3b75af'
array kinds[3] = ['loop and kernels', 'zogap alone', "the paper's runtime has it"]

step_time(r) = column(c_time)
from_time(r) = column(c_previous)
low(r) = !(from_time(r) > 0) ? least : step_time(r) < from_time(r) ? step_time(r) : from_time(r)
high(r) = from_time(r) > step_time(r) ? from_time(r) : step_time(r)
kind(r) = column(c_paper) == 1 ? 3 : column(c_paper) == 0 ? 2 : 1
share(s) = s == s ? sprintf(', %.1f %% of the gap', 100 * s) : ''
what(r) = !(step_time(r) > 0) ? 'failed its check' : !(column(c_ratio) > 0) ? strcol(c_label) : sprintf('%.2fx%s: %s', column(c_ratio), share(column(c_share)), strcol(c_label))

do for [k = 1:n_cases] {
    unset logscale
    set xrange [*:*]
    stats data skip 1 every ::first[k]::last[k] using c_time nooutput
    least = STATS_min / 1.5
    most = STATS_max * (STATS_max / least) ** 0.9 # room for the words
    set terminal svg size 960, 100 + 30 * (last[k] - first[k] + 1) dynamic noenhanced font 'sans-serif,13' background 'white'
    set output file[k]
    set title title[k]
    set logscale x
    set xrange [least : most]
    set yrange [first[k] - last[k] - 0.6 : 0.6]
    plot for [i = 1:3] data skip 1 every ::first[k]::last[k] \
             using (kind(0) == i && step_time(0) > 0 ? step_time(0) : NaN):(-column(c_rung)):(low(0)):(high(0)):(-column(c_rung) - 0.35):(-column(c_rung) + 0.35) \
             with boxxyerror lc rgb word(colours, i) title kinds[i], \
         data skip 1 every ::first[k]::last[k] \
             using (step_time(0) > 0 ? high(0) : least):(-column(c_rung)):(what(0)):ytic(c_name) \
             with labels left offset 0.7, 0 tc rgb '#333333' notitle
    set output
}
